"""The job ctr.validate: what it says of sound files, and of each kind of file that is not."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from data.__main__ import main as generate
from data.ctr.poison import KINDS

from conftest import Step
from ctr.columns import COLUMNS
from ctr.validation import validate
from ctr.validation.errors import InvalidData
from millrace_job import FatalError
from millrace_job.log import Log
from millrace_job.shell import run_from_shell
from millrace_job.uri_storage import UriStorage

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bucket
    from millrace_job.s3_storage import S3Storage

LIMITS = {"minRows": 1000, "maxNullShare": 0.01, "minClickRate": 0.01, "maxClickRate": 0.5, "maxUnseenShare": 0.5}
ROWS = 4_000


def artifact(file: Path) -> Any:
    content = file.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return {"uri": str(file), "sha256": sha256, "bytes": len(content), "mediaType": "application/json"}


class Folder:
    """A folder with a file of data, what is made of it, and the job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.out = path / "out"

    def make(self, *arguments: str, name: str = "data.csv", rows: int = ROWS, seed: int = 1) -> Path:
        file = self.path / name
        generate(["ctr", "--rows", str(rows), "--seed", str(seed), "--out", str(file), *arguments])
        return file

    def write(self, content: bytes, name: str = "data.csv") -> Path:
        (self.path / name).write_bytes(content)
        return self.path / name

    def validate(self, file: Path, *, champion: Path | None = None, **limits: float) -> Any:
        request = {
            "file": {"uri": str(file)},
            "champion": None if champion is None else artifact(champion),
            "limits": {**LIMITS, **limits},
        }
        (self.path / "input.json").write_text(json.dumps(request))
        return run_from_shell(
            validate, self.path / "input.json", self.out, UriStorage(), Log(sys.stderr, {}, text=True)
        )

    def refusal(self, file: Path, **options: Any) -> str:
        """What is said of a file that is refused; nothing may be left of the attempt."""
        with pytest.raises(InvalidData) as raised:
            self.validate(file, **options)
        assert list(self.out.rglob("*")) == []
        assert str(file) in str(raised.value)
        return str(raised.value).replace(str(file), "FILE")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz"])
def test_a_sound_file_is_described_to_the_byte(folder: Folder, name: str) -> None:
    file = folder.make(name=name)
    content = file.read_bytes()
    output = folder.validate(file)
    assert output["file"] == {
        "uri": str(file),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows": ROWS,
    }
    lines = (gzip.decompress(content) if name.endswith(".gz") else content).decode().splitlines()[1:]
    clicks = sum(line.split(",")[1] == "1" for line in lines)
    assert (output["clicks"], output["clickRate"]) == (clicks, clicks / ROWS)
    assert (output["firstHour"], output["lastHour"]) == ("14102100", "14103023")
    assert output["unseenShare"] is None


def test_the_report_says_of_every_check_what_was_found_and_what_is_allowed(folder: Folder) -> None:
    output = folder.validate(folder.make())
    report = json.loads((folder.out / "report" / "checks.table.json").read_bytes())
    assert report["columns"] == ["check", "value", "limit", "verdict"]
    checks = {name: (value, limit, verdict) for name, value, limit, verdict in report["rows"]}
    assert checks["rows"] == (ROWS, "at least 1000", "passed")
    assert checks["click rate"] == (round(output["clickRate"], 6), "0.01 to 0.5", "passed")
    assert checks["missing in device_model"] == (0.0, "at most 0.01", "passed")
    assert {verdict for _, _, verdict in checks.values()} == {"passed"}


REFUSALS = {
    "truncated-gzip": "FILE ends in the middle of its gzip stream, in line 1 or later: it was cut off. Upload",
    "wrong-delimiter": "FILE, line 1: columns are separated by semicolons. Save the file with commas and drop it",
    "missing-column": "FILE, line 1: column C20 is missing. Add it and drop the file again.",
    "extra-column": "FILE, line 1: column 'C22' is not one of the 24. Remove it and drop the file again.",
    "binary": "FILE, line 1 is binary data, not text. Save the data as CSV (UTF-8) and drop it again.",
    "byte-order-mark": "FILE, line 1 begins with a byte order mark, so that its first column is not id. Save the file",
    "click-of-two": "FILE, line 2002, column click is '2': give 0 or 1. Correct the file and drop it again.",
    "no-clicks": "FILE: column click: 0 of the rows in lines 2 to 4001 are clicks, a rate of 0, which is not from 0.01",
    "nulls": "FILE: column device_model is empty in 4,000 of 4,000 rows, first in line 2: a share of 1, where at most",
    "empty": "FILE is empty. Drop a CSV file with its columns and rows.",
    "header-only": "FILE has a header in line 1 and no rows. Drop a file with rows.",
    "open-quote": "FILE, line 2002, column site_domain: a quote is never closed, or stands within a value. Correct the",
    "duplicate-ids": r"FILE: column id, line 2002: \d+ is the id of line 2 as well, and 1 row has an id that was there",
    "unordered-hours": r"FILE, line 2002, column hour is 14102100, before \d{8} of the line above. Sort the rows by",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_poison_is_refused_with_column_line_and_remedy(kind: str, folder: Folder) -> None:
    names = ["data.csv.gz"] if kind == "truncated-gzip" else ["data.csv", "data.csv.gz"]
    for name in names:
        message = folder.refusal(folder.make("--poison", kind, name=name))
        assert re.match(REFUSALS[kind] if "\\d" in REFUSALS[kind] else re.escape(REFUSALS[kind]), message), message
        assert len(message) < 500


def edited(folder: Folder, line: int, edit: Any) -> Path:
    """A sound file, with one of its lines (from 1) edited."""
    lines = folder.make().read_bytes().split(b"\n")
    lines[line - 1] = edit(lines[line - 1])
    return folder.write(b"\n".join(lines))


def set_value(column: str, value: str) -> Any:
    def edit(line: bytes) -> bytes:
        values = line.decode().split(",")
        values[COLUMNS.index(column)] = value
        return ",".join(values).encode()

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_value("id", ""), "column id is empty: give a whole number from 0 to 2^64 - 1"),
        (set_value("id", "18446744073709551616"), "column id is '18446744073709551616': give a whole number from 0"),
        (set_value("id", "1.5e9"), "column id is '1.5e9': give a whole number"),
        (set_value("click", ""), "column click is empty: give 0 or 1"),
        (set_value("click", "yes"), "column click is 'yes': give 0 or 1"),
        (set_value("hour", "14102124"), "column hour is '14102124': give an hour as YYMMDDHH, such as 14102113"),
        (set_value("hour", "14133100"), "column hour is '14133100': give an hour as YYMMDDHH"),
        (set_value("hour", "2014102100"), "column hour is '2014102100': give an hour as YYMMDDHH"),
        (set_value("hour", "13102123"), "column hour is 13102123, before 14102"),
        (set_value("site_id", "85F751FD"), "column site_id is '85F751FD': give eight hex digits in lower case"),
        (set_value("device_ip", "10.0.0.1"), "column device_ip is '10.0.0.1': give eight hex digits"),
        (set_value("C14", "15706.0"), "column C14 is '15706.0': give a whole number of 32 bits"),
        (set_value("C21", "2147483648"), "column C21 is '2147483648': give a whole number of 32 bits"),
        (set_value("C1", "x" * 500), "column C1 is 'xxx"),
        (lambda line: line + b",7", " has 25 columns ("),
        (lambda line: line.rpartition(b",")[0], " has 23 columns ("),
        (lambda _: b"", " is empty. Remove it"),
        (lambda _: b"the end", " has 1 column ('the end'): exactly 24 belong there"),
        (lambda line: line.replace(b",", b'," ', 1), "column click: a quote is never closed"),
        (lambda line: line[:30] + b"\xff" + line[30:], ": byte 0xff is not UTF-8 text"),
        (set_value("app_id", "\0" * 8), r"column app_id is '\x00\x00"),
    ],
)
def test_a_row_that_is_wrong_is_named(edit: Any, message: str, folder: Folder) -> None:
    said = folder.refusal(edited(folder, 3_017, edit))
    assert said.startswith("FILE, line 3017")
    assert message in said
    assert len(said) < 300


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda line: line.replace(b",", b"\t"), "columns are separated by tabs"),
        (lambda line: line.replace(b"C20,C21", b"C21,C20"), "column C21 is where C20 belongs. Order the columns as"),
        (lambda line: line.replace(b"C21", b"C20"), "column C21 is missing"),
        (lambda line: line + b",C1", "column C1 is there 2 times"),
        (lambda line: line.replace(b"click", b"Click"), "column click is missing"),
        (lambda _: b"1000009418151094273,0,141021", "'1000009418151094273,0,141021' is not the header id,click,"),
        (lambda _: b"Dear all,", "'Dear all,' is not the header"),
        (lambda _: b"PAR1\x15\x00\x15", "is binary data, not text"),
    ],
)  # fmt: skip
def test_a_header_that_is_wrong_is_explained(edit: Any, message: str, folder: Folder) -> None:
    said = folder.refusal(edited(folder, 1, edit))
    assert said.startswith("FILE, line 1")
    assert message in said


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
        lambda content: re.sub(rb"(?<=,)([0-9a-f]{8}),", rb'"\1",', content),
        lambda content: content.replace(b"id,click,hour", b'"id","click","hour"', 1),
    ],
    ids=["Windows line ends", "no last line end", "quoted values", "quoted header"],
)
def test_equivalent_csv_dialects_are_read_the_same(edit: Any, folder: Folder) -> None:
    sound = folder.make()
    wanted = folder.validate(sound)["profile"]["sha256"]
    other = Folder(folder.path / "other")
    other.path.mkdir()
    assert other.validate(other.write(edit(sound.read_bytes())))["profile"]["sha256"] == wanted


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", gzip.compress(b"id"), "FILE is gzip, though its name does not end in .gz. Add .gz"),
        ("a.csv.gz", b"id,click\n", "FILE is not gzip, though its name ends in .gz. Compress it"),
        ("a.csv.gz", b"", "FILE is empty"),
        ("a.csv.gz", gzip.compress(b"")[:12], "FILE ends in the middle of its gzip stream"),
        ("a.csv.gz", b"\x1f\x8b" + b"\x07" * 40, "FILE has a broken gzip stream, in line 1 or later"),
        ("a.csv", b"x" * 9_000_000, "FILE, line 1 has no end within 8,388,608 bytes"),
    ],
)
def test_a_file_that_isnt_csv_is_refused(name: str, content: bytes, message: str, folder: Folder) -> None:
    assert folder.refusal(folder.write(content, name)).startswith(message)


def test_a_gzip_file_whose_checksum_is_wrong_is_refused_though_every_row_is_right(folder: Folder) -> None:
    content = bytearray(folder.make(name="data.csv.gz").read_bytes())
    content[-8] ^= 1
    assert "has a broken gzip stream" in folder.refusal(folder.write(bytes(content), "data.csv.gz"))


def test_a_gzip_file_of_several_members_is_read_to_its_end(folder: Folder) -> None:
    content = folder.make().read_bytes()
    half = len(content) // 2
    members = gzip.compress(content[:half]) + gzip.compress(content[half:])
    output = folder.validate(folder.write(members, "data.csv.gz"))
    assert output["file"]["rows"] == ROWS
    assert output["file"]["sha256"] == hashlib.sha256(members).hexdigest()


def test_bytes_that_fill_up_a_gzip_file_are_part_of_its_checksum(folder: Folder) -> None:
    content = folder.make(name="data.csv.gz").read_bytes() + bytes(3_000_000)
    output = folder.validate(folder.write(content, "data.csv.gz"))["file"]
    assert (output["sha256"], output["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_every_fault_of_the_data_set_is_reported_at_once(folder: Folder) -> None:
    file = folder.make("--poison", "nulls", rows=500)
    said = folder.refusal(file, minClickRate=0.3)
    assert "it has 500 rows, up to line 501: at least 1,000 are asked for. Drop a larger file" in said
    assert "which is not from 0.3 to 0.5" in said
    assert "column device_model is empty in 500 of 500 rows" in said


def test_few_missing_values_are_let_be(folder: Folder) -> None:
    output = folder.validate(edited(folder, 9, set_value("C20", "")))
    assert output["file"]["rows"] == ROWS
    said = folder_with_limit(folder, edited(folder, 9, set_value("C20", "")))
    assert "column C20 is empty in 1 of 4,000 rows, first in line 9" in said


def folder_with_limit(folder: Folder, file: Path) -> str:
    strict = Folder(folder.path / "strict")
    strict.path.mkdir()
    return strict.refusal(file, maxNullShare=0.0)


def test_a_file_that_is_not_there_is_refused_by_name(folder: Folder) -> None:
    assert "FILE: there is no such file. Drop the file again." in folder.refusal(folder.path / "gone.csv")


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The profile of a file of 30,000 rows."""
    folder = Folder(tmp_path_factory.mktemp("champion"))
    folder.validate(folder.make(rows=30_000))
    return folder.out / "profile.json"


def test_a_file_like_the_champions_has_few_unseen_categories(folder: Folder, champion: Path) -> None:
    shares = folder.validate(folder.make(seed=2), champion=champion)["unseenShare"]
    assert set(shares) == set(COLUMNS) - {"id", "click", "hour"}
    assert shares["C1"] == shares["site_category"] == 0
    assert 0 < shares["site_id"] < 0.05
    # Its addresses are new people: the share is told, and a limit that it is over refuses nothing.
    assert shares["device_ip"] > 0.5


def test_beside_its_own_profile_a_file_has_nothing_unseen(folder: Folder, champion: Path) -> None:
    sampled = {name: column["sampled"] for name, column in json.loads(champion.read_bytes())["columns"].items()}
    assert sampled["device_ip"] < 1
    assert set(folder.validate(folder.make(rows=30_000), champion=champion)["unseenShare"].values()) == {0.0}


def test_unseen_shares_are_those_of_the_rows(folder: Folder, champion: Path) -> None:
    known = set(json.loads(champion.read_bytes())["columns"]["device_model"]["categories"])
    file = folder.make(seed=2)
    place = COLUMNS.index("device_model")
    models = [line.split(",")[place] for line in file.read_text().splitlines()[1:]]
    share = folder.validate(file, champion=champion)["unseenShare"]["device_model"]
    assert share == pytest.approx(sum(model not in known for model in models) / ROWS, abs=1e-6)


def test_ids_that_the_champion_never_saw_are_refused_by_column_and_line(folder: Folder, champion: Path) -> None:
    file = folder.make("--drift", "categories:1-10", seed=2)
    said = folder.refusal(file, champion=champion, maxUnseenShare=0.25)
    found = re.search(r"column app_id has categories .* such as ([0-9a-f]{8}) in line (\d+): a share of 0\.3", said)
    assert found is not None, said
    line = file.read_text().splitlines()[int(found[2]) - 1]
    assert line.split(",")[COLUMNS.index("app_id")] == found[1]
    assert "raise limits.maxUnseenShare to train on them" in said
    assert "column app_domain" not in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "is not a profile (TypeError"),
        (b"{", "is not a profile (JSONDecodeError"),
        (b'{"version":2}', "has version 2; 1 is read"),
        (b'{"version":1,"columns":{}}', "is not a profile (KeyError: 'C1')"),
        (b'{"version":1,"columns":{"C1":{"sampled":2,"categories":[]}}}', "C1.sampled is 2; give a share from 0 to 1"),
        (b'{"version":1,"columns":{"C1":{"sampled":1,"categories":["x"]}}}', "is not a profile (ValueError"),
        (b'{"version":1,"columns":{"C1":{"sampled":1,"categories":[99999999999]}}}', "is not a profile (OverflowError"),
    ],
)
def test_a_champion_without_a_valid_profile_is_refused(content: bytes, message: str, folder: Folder) -> None:
    champion = folder.write(content, "profile.json")
    with pytest.raises(FatalError) as raised:
        folder.validate(folder.make(), champion=champion)
    assert message in str(raised.value)


def test_on_s3_the_version_that_was_dropped_is_read_and_named(bucket: Bucket, s3: S3Storage, folder: Folder) -> None:
    uri = f"{bucket.uri}raw/ctr/my data + 50%.csv.gz"
    content = folder.make(name="data.csv.gz").read_bytes()
    first = s3.put(uri, content, media_type="application/gzip")
    second = s3.put(uri, folder.make(rows=2_000, name="data.csv.gz").read_bytes(), media_type="application/gzip")
    third = s3.put(f"{uri}.csv", b"not a csv at all", media_type="text/csv")
    step = Step(f"{bucket.uri}runs/r/validate_data/", "ctr.validate", bucket.env)
    step.put_inputs(
        {
            0: {"file": {"uri": uri, "versionId": first.version_id}, "champion": None, "limits": LIMITS},
            1: {"file": {"uri": uri}, "champion": None, "limits": LIMITS},
            2: {"file": {"uri": f"{uri}.csv", "versionId": third.version_id}, "champion": None, "limits": LIMITS},
        }
    )
    code, lines = step.run(MILLRACE_INDICES="0-2")
    assert code == 1, lines
    outputs = [step.read(f"{index}/1.1/_manifest.json")["output"]["file"] for index in (0, 1)]
    assert [output["versionId"] for output in outputs] == [first.version_id, second.version_id]
    assert [output["rows"] for output in outputs] == [ROWS, 2_000]
    assert outputs[0]["sha256"] == hashlib.sha256(content).hexdigest()
    error = step.read("2/1.1/_error.json")
    assert (error["name"], error["retryable"]) == ("InvalidData", False)
    assert step.read("2/1.1/_manifest.json") is None
    assert step.read("2/1.1/profile.json") is None
    assert any("fraction" in line for line in lines)
