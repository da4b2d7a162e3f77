from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from millrace_job.artifact import Artifacts, base_name, media_type_of
from millrace_job.context import Progress
from millrace_job.errors import RetryAfter
from millrace_job.job import job
from millrace_job.local_storage import LocalStorage
from millrace_job.log import Log
from millrace_job.report import Report

if TYPE_CHECKING:
    from pathlib import Path


QUIET = Log(io.StringIO(), {})


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(LocalStorage(), f"{tmp_path}/attempt/", tmp_path / "scratch")


class TestProgress:
    def test_reports_go_out_at_most_every_five_seconds(self) -> None:
        published: list[object] = []
        now = [0.0]
        progress = Progress(QUIET, lambda event: published.append(event["message"]), clock=lambda: now[0])
        for second in range(12):
            now[0] = float(second)
            progress(second / 100, f"second {second}")
        assert published == ["second 0", "second 5", "second 10"]

    def test_the_end_always_goes_out(self) -> None:
        published: list[object] = []
        progress = Progress(QUIET, lambda event: published.append(event.get("fraction")), clock=lambda: 0)
        progress(None, "start")
        progress(0.9, "nearly")
        progress(1, "done")
        assert published == [None, 1]

    @pytest.mark.parametrize("fraction", [-0.1, 1.1, 50, float("nan")])
    def test_a_fraction_outside_0_to_1_is_refused(self, fraction: float) -> None:
        with pytest.raises(ValueError, match="from 0 to 1"):
            Progress(QUIET, lambda event: None)(fraction, "message")


class TestArtifacts:
    @pytest.mark.parametrize("name", ["", "/etc/x", "a//b", "../x", "a/../../x", "a/", ".", "_manifest.json", "a\0b"])
    def test_a_name_that_leaves_the_attempt_or_is_reserved_is_refused(self, artifacts: Artifacts, name: str) -> None:
        with pytest.raises(ValueError, match="can't be an artifact's name"):
            artifacts.write_text(name, "text")

    def test_one_name_is_written_once(self, artifacts: Artifacts) -> None:
        artifacts.write_text("a.txt", "1")
        with pytest.raises(ValueError, match="already"):
            artifacts.write_text("a.txt", "2")
        assert len(artifacts.written) == 1

    @pytest.mark.parametrize(
        ("name", "media_type"),
        [("a.CSV", "text/csv"), ("a.joblib", "application/octet-stream"), ("a.csv.gz", "application/gzip")],
    )
    def test_the_media_type_follows_the_name(self, name: str, media_type: str) -> None:
        assert media_type_of(name) == media_type

    def test_a_base_name_is_cut_and_not_decoded(self) -> None:
        assert base_name("s3://bucket/a b/x%2Fy?z#w.csv") == "x%2Fy?z#w.csv"


def test_reports_are_artifacts_that_say_what_they_are(artifacts: Artifacts, tmp_path: Path) -> None:
    report = Report(artifacts)
    (tmp_path / "plot.png").write_bytes(b"png")
    made = [
        report.markdown("summary", "# Fine"),
        report.table("scores", [{"alpha": 1, "r2": 0.9}, {"alpha": 2, "note": "x"}]),
        report.image("loss", tmp_path / "plot.png"),
        report.link("board", "https://example.com", "The board"),
    ]
    assert [artifact["mediaType"] for artifact in made] == [
        "text/markdown",
        "application/vnd.millrace.table+json",
        "image/png",
        "application/vnd.millrace.link+json",
    ]
    with artifacts.open(made[1]) as stream:
        assert json.load(stream) == {"columns": ["alpha", "r2", "note"], "rows": [[1, 0.9, None], [2, None, "x"]]}


def test_a_jobs_own_fields_cannot_hide_whose_line_it_is() -> None:
    stream = io.StringIO()
    Log(stream, {"run": "run-1"}).info("line\nbreak", run="another", rows=3, message="another")
    event = json.loads(stream.getvalue())
    assert (event["run"], event["rows"], event["message"]) == ("run-1", 3, "line\nbreak")
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize("name", ["train", "ridge.Train", "ridge.train.fast", "ridge-train"])
def test_a_contract_is_family_and_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"family\.name"):
        job(name)


@pytest.mark.parametrize("seconds", [-1, 86_401, float("nan")])
def test_a_retry_delay_is_at_most_a_day(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 to 86400"):
        RetryAfter(seconds, "busy")
