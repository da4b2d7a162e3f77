"""The lake: whole or not there, written once, in bounded memory."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from data.poems.archive import write_archive

from conftest import ROOT
from millrace_job import FatalError, ObjectNotFound
from millrace_job.digest import sha256_of
from millrace_job.lake import Lake
from millrace_job.s3_storage import S3Storage
from millrace_job.storage import StorageError
from poem_archives import LIMITS, generated, lake_files, unzip, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bucket


def manifest_of(folder: Path) -> Any:
    """The only manifest there is."""
    (found,) = (body for name, body in lake_files(folder).items() if name.endswith("/_manifest.json"))
    return json.loads(found)


def test_every_poem_is_in_the_lake_under_its_form_as_it_was(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "drop.zip",
        {
            "forms/ode/To Spring.txt": "To spring,\r\nthe season".encode("utf-16"),
            "forms/Haiku/1.txt": b"an old silent pond",
            "forms/haiku/": b"",
            "README.txt": b"read me",
        },
    )
    output = unzip(archive, tmp_path)
    (lake,) = {name.split("/")[0] for name in lake_files(tmp_path)}
    assert output["lake"].endswith(f"/{lake}/")
    files = {name.removeprefix(f"{lake}/"): body for name, body in lake_files(tmp_path).items()}
    assert files.keys() == {"ode/To Spring.txt", "haiku/1.txt", "_catalogue.csv", "_manifest.json"}
    assert files["ode/To Spring.txt"] == "To spring,\r\nthe season".encode("utf-16")
    assert output["files"] == output["written"] == 2
    assert output["skipped"] == [{"reason": "in no form's folder", "files": 1}]


def test_the_catalogue_has_a_row_for_every_poem(tmp_path: Path) -> None:
    output = unzip(generated(tmp_path / "drop.zip", files=60), tmp_path)
    files = lake_files(tmp_path)
    (name,) = (name for name in files if name.endswith("/_catalogue.csv"))
    rows = list(csv.DictReader(files[name].decode().splitlines()))
    assert len(rows) == 60
    lake = name.split("/")[0]
    for row in rows:
        body = files[f"{lake}/{row['form']}/{row['file']}"]
        assert (row["bytes"], row["sha256"]) == (str(len(body)), sha256_of(body))
    assert Counter(row["language"] for row in rows)["en"] > 40
    manifest = manifest_of(tmp_path)
    assert manifest["catalogue"]["sha256"] == sha256_of(files[name])
    assert manifest["archive"]["sha256"] == output["sha256"] == sha256_of(tmp_path / "drop.zip")
    assert {form["form"]: form["files"] for form in manifest["forms"]} == Counter(row["form"] for row in rows)
    report = json.loads((tmp_path / "1" / "report" / "forms.table.json").read_text())
    assert report["columns"] == ["form", "files", "bytes", "languages"]
    assert sum(row[1] for row in report["rows"]) == 60


def test_the_same_archive_again_writes_nothing_whatever_it_is_called(tmp_path: Path) -> None:
    first = unzip(generated(tmp_path / "drop.zip"), tmp_path)
    before = lake_files(tmp_path)
    again = unzip((tmp_path / "drop.zip").rename(tmp_path / "other.zip"), tmp_path, attempt=2)
    assert again["written"] == 0
    assert again["lake"] == first["lake"]
    assert lake_files(tmp_path) == before


def test_another_folder_of_an_archive_is_another_lake(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "drop.zip", {"forms/ode/a.txt": b"A poem", "topics/love/a.txt": b"Another"})
    assert unzip(archive, tmp_path, within="forms")["forms"] == [{"form": "ode", "files": 1, "bytes": 6}]
    assert unzip(archive, tmp_path, attempt=2, within="topics")["forms"] == [{"form": "love", "files": 1, "bytes": 7}]
    assert unzip(archive, tmp_path, attempt=3)["files"] == 2


@pytest.mark.parametrize("dies_at", [0, 7, 20, 21])
def test_a_run_that_died_is_taken_up_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """It dies at a poem, at the catalogue (20), or at the manifest (21)."""
    add, added = Lake.add, list[str]()

    def dying(lake: Lake, name: str, *arguments: Any, **options: Any) -> bool:
        if len(added) >= dies_at:
            raise StorageError("S3 is gone")
        added.append(name)
        return add(lake, name, *arguments, **options)

    archive = generated(tmp_path / "drop.zip")
    with monkeypatch.context() as broken:
        broken.setattr(Lake, "add", dying)
        with pytest.raises(StorageError, match="S3 is gone"):
            unzip(archive, tmp_path)
    assert not any(name.endswith("_manifest.json") for name in lake_files(tmp_path))

    poems = min(dies_at, 20)
    tried = list[str]()

    def noted(lake: Lake, name: str, *arguments: Any, **options: Any) -> bool:
        tried.append(name)
        return add(lake, name, *arguments, **options)

    monkeypatch.setattr(Lake, "add", noted)
    assert unzip(archive, tmp_path, attempt=2)["written"] == 20 - poems
    # What is there costs no request either; catalogue and manifest come last.
    assert len(tried) == 20 - poems + 2
    # What comes of it is what comes of a run that nothing happened to.
    unzip(archive, tmp_path / "untouched")
    for folder in (tmp_path, tmp_path / "untouched"):
        assert manifest_of(folder)["files"] == 20
    untouched = lake_files(tmp_path / "untouched")
    taken_up = lake_files(tmp_path)
    assert taken_up.keys() == untouched.keys()
    assert {name: body for name, body in taken_up.items() if "_manifest" not in name} == {
        name: body for name, body in untouched.items() if "_manifest" not in name
    }


def test_progress_reports_files_bytes_rate_and_time_left(tmp_path: Path) -> None:
    reports: list[dict[str, object]] = []
    unzip(generated(tmp_path / "drop.zip", files=250), tmp_path, on_report=reports.append)
    assert [event["fraction"] for event in reports] == [0.4, 0.8, 1.0]
    assert str(reports[0]["message"]).startswith("100 of 250 files, 0.")
    assert " MB, " in str(reports[0]["message"])
    assert str(reports[0]["message"]).endswith(" s left")
    assert "files/s" in str(reports[0]["message"])


def test_a_missing_archive_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"none\.zip.*Drop the archive again"):
        unzip(tmp_path / "none.zip", tmp_path)


def test_an_archive_that_is_not_the_one_that_was_fetched_is_refused(tmp_path: Path) -> None:
    from job_context import make_context
    from poems import jobs

    archive = generated(tmp_path / "drop.zip")
    asked: Any = {"archive": {"uri": str(archive), "sha256": "0" * 64}, "folder": "", "limits": LIMITS}
    with pytest.raises(FatalError, match=r"has SHA-256 .*, not 0000.*Start a new run"):
        jobs.unzip(asked, make_context(tmp_path, asked))
    assert lake_files(tmp_path) == {}


def test_in_s3_a_version_is_unpacked_though_another_archive_has_replaced_it(
    s3: S3Storage, bucket: Bucket, tmp_path: Path
) -> None:
    """As Batch runs it, with the archive and the lake in S3."""
    from conftest import Step

    first = generated(tmp_path / "first.zip", files=1_100, seed=1)
    uri = f"{bucket.uri}raw/zips/drop.zip"
    dropped = s3.put(uri, first, media_type="application/zip")
    s3.put(uri, generated(tmp_path / "second.zip", files=3, seed=2), media_type="application/zip")
    step = Step(f"{bucket.uri}runs/p/r/unzip/", "poems.unzip", bucket.env)
    given = {"uri": uri, "versionId": dropped.version_id}
    step.put_inputs({0: {"archive": given, "folder": "", "limits": LIMITS}})
    code, lines = step.run(PYTHONPATH="sdk:.")
    assert code == 0, lines
    output = step.read("0/1.1/_manifest.json")["output"]
    assert output["files"] == 1_100
    assert output["lake"].startswith(f"{bucket.uri}lake/poems/")
    # More than a page of a listing holds.
    names = dict(s3.list(output["lake"]))
    assert len(names) == 1_100 + 2
    with pytest.raises(ObjectNotFound):
        s3.stat(f"{bucket.uri}raw/poems")


MEASURED = """
import resource, sys
from pathlib import Path
from poem_archives import unzip
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unzip(Path(sys.argv[1]), Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    taken = []
    for size in (20_000_000, 120_000_000):
        archive = tmp_path / f"{size}.zip"
        with archive.open("wb") as file:
            # Texts of 200 KB, so that it is bytes and not files that grow.
            for _ in write_archive(size // 200_000, size, 1, None, file.write):
                pass
        command = [sys.executable, "-c", MEASURED, str(archive), str(tmp_path / f"lake-{size}")]
        env = {"PYTHONPATH": "sdk:tests:.:../local", "PATH": ""}
        run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        taken.append(int(run.stdout) // 1024)
    small, large = taken
    assert large < small + 20, f"MiB over the start: {taken}"
    assert large < 100
