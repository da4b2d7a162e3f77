"""What one attempt leaves behind, in this process and on local files; test_process.py has the real processes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from conftest import Step
from millrace_job.assignment import read_assignment
from millrace_job.digest import sha256_of
from millrace_job.log import Log
from millrace_job.runner import Runner
from millrace_job.storage import ObjectForbidden, StorageError, StoredObject
from millrace_job.uri_storage import UriStorage
from probe import jobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from millrace_job import Job

JOBS: dict[str, Job[Any, Any]] = {"echo": jobs.echo, "act": jobs.act, "copy": jobs.copy}
ECHO = {"text": "hello", "seconds": 0}


class Bench:
    """One step on local files. Its storage records every put in order."""

    def __init__(self, folder: Path) -> None:
        self.prefix = f"{folder}/runs/r 1/step/"
        self.storage = Recorder(self.prefix)
        self.output = io.StringIO()

    def run(self, job: str, inputs: dict[int, Any], **changes: str) -> int:
        step = Step(self.prefix, f"probe.{job}", {})
        step.put_inputs(inputs)
        indices = {"MILLRACE_INDICES": ",".join(map(str, inputs))}
        assignment = read_assignment(step.environment(**{**indices, **changes}))
        log = Log(self.output, {"run": assignment.run, "step": assignment.step, "attempt": "1.1"})
        return Runner(JOBS[job], assignment, self.storage, log).run()

    def read(self, name: str) -> Any:
        return Step(self.prefix, "", {}).read(name)

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]


class Recorder(UriStorage):
    """Storage that notes what is put, and can be told to fail."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.puts: list[str] = []
        self.before_put: Callable[[str], None] = lambda uri: None
        self.before_stat: Callable[[str], None] = lambda uri: None

    def put(self, uri: str, *args: Any, **options: Any) -> StoredObject:
        self.before_put(uri)
        stored = super().put(uri, *args, **options)
        self.puts.append(uri.removeprefix(self.prefix))
        return stored

    def stat(self, uri: str, version_id: str | None = None) -> StoredObject:
        self.before_stat(uri)
        return super().stat(uri, version_id)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_claim_comes_first_and_the_manifest_last(bench: Bench) -> None:
    assert bench.run("echo", {3: ECHO}) == 0
    assert bench.storage.puts == [
        "3/1.1/_claim.json",
        "3/1.1/_progress.json",
        "3/1.1/echo.txt",
        "3/1.1/_manifest.json",
    ]


def test_the_manifest_says_what_was_made_and_used(bench: Bench) -> None:
    bench.run("echo", {0: ECHO})
    manifest = bench.read("0/1.1/_manifest.json")
    artifact = {
        "uri": f"{bench.prefix}0/1.1/echo.txt",
        "sha256": sha256_of(b"hello"),
        "bytes": 5,
        "mediaType": "text/plain",
    }
    assert manifest["version"] == 1
    assert manifest["job"] == "probe.echo"
    assert manifest["output"] == {"text": "hello", "file": artifact}
    assert manifest["artifacts"] == [artifact]
    assert manifest["startedAt"] <= manifest["endedAt"]
    assert manifest["usage"]["peakMemoryBytes"] > 1_000_000
    assert 0 <= manifest["usage"]["cpuSeconds"] < 60
    assert bench.read("0/1.1/_progress.json")["fraction"] == 0.5
    assert bench.read("0/1.1/_error.json") is None


def test_another_jobs_claim_is_left_alone(bench: Bench) -> None:
    bench.run("act", {0: {"how": "raise"}}, AWS_BATCH_JOB_ID="job-a")
    bench.storage.puts.clear()
    assert bench.run("echo", {0: ECHO}, AWS_BATCH_JOB_ID="job-b") == 0
    assert bench.storage.puts == []
    assert bench.log[-1]["holder"] == "job-a"


def test_a_native_retry_continues_and_keeps_the_first_trys_files(bench: Bench) -> None:
    bench.run("act", {0: {"how": "raise"}})
    assert bench.run("echo", {0: ECHO}, AWS_BATCH_JOB_ATTEMPT="2") == 0
    manifest = bench.read("0/1.1/_manifest.json")
    assert manifest["artifacts"][0]["uri"] == f"{bench.prefix}0/1.1.2/echo.txt"


def test_a_native_retry_after_the_commit_does_nothing(bench: Bench) -> None:
    bench.run("echo", {0: ECHO})
    manifest = bench.read("0/1.1/_manifest.json")
    bench.storage.puts.clear()
    assert bench.run("echo", {0: {**ECHO, "text": "other"}}, AWS_BATCH_JOB_ATTEMPT="2") == 0
    assert bench.storage.puts == []
    assert bench.read("0/1.1/_manifest.json") == manifest


def test_a_native_retry_works_where_a_missing_manifest_looks_forbidden(bench: Bench) -> None:
    def refuse(uri: str) -> None:
        if uri.endswith("_manifest.json"):
            raise ObjectForbidden(uri)

    bench.run("act", {0: {"how": "raise"}})
    bench.storage.before_stat = refuse
    assert bench.run("echo", {0: ECHO}, AWS_BATCH_JOB_ATTEMPT="2") == 0
    assert bench.read("0/1.1/_manifest.json")["output"]["text"] == "hello"


def test_a_manifest_that_the_first_try_wrote_meanwhile_is_kept(bench: Bench) -> None:
    def first_try_commits(uri: str) -> None:
        if uri.endswith("echo.txt"):
            UriStorage().put(f"{bench.prefix}0/1.1/_manifest.json", b'"the first"', media_type="application/json")

    bench.storage.before_put = first_try_commits
    assert bench.run("echo", {0: ECHO}) == 0
    assert bench.read("0/1.1/_manifest.json") == "the first"
    assert bench.read("0/1.1/_error.json") is None


@pytest.mark.parametrize(
    ("how", "code", "expected"),
    [
        ("fatal", 1, {"name": "FatalError", "message": "the file is wrong: correct it", "retryable": False}),
        (
            "later",
            1,
            {"name": "RetryAfter", "message": "the service is busy", "retryable": True, "retryAfterSeconds": 90},
        ),
        ("raise", 1, {"name": "ValueError", "message": "something broke", "retryable": True}),
        (
            "exit",
            1,
            {"name": "JobExited", "message": "the job called sys.exit(0)", "code": "JOB_EXITED", "retryable": True},
        ),
        (
            "bad output",
            2,
            {
                "name": "ContractError",
                "message": "output.how is 1 (int); give a string",
                "code": "CONTRACT_BROKEN",
                "retryable": False,
            },
        ),
        (
            "nan",
            2,
            {
                "name": "ContractError",
                "message": "output.score is nan: JSON has no such number; give a finite one",
                "code": "CONTRACT_BROKEN",
                "retryable": False,
            },
        ),
    ],
)
def test_a_failure_leaves_an_error_and_no_manifest(
    bench: Bench, how: str, code: int, expected: dict[str, object]
) -> None:
    assert bench.run("act", {0: {"how": how}}) == code
    error = bench.read("0/1.1/_error.json")
    assert {name: value for name, value in error.items() if name not in ("stack", "usage")} == expected
    assert error["usage"]["peakMemoryBytes"] > 1_000_000
    assert error["stack"][-1].endswith(str(expected["message"]))
    assert bench.read("0/1.1/_manifest.json") is None


def test_an_input_that_breaks_the_schema_is_named_before_the_job_starts(bench: Bench) -> None:
    assert bench.run("echo", {0: {"text": 5, "seconds": 0}}) == 2
    error = bench.read("0/1.1/_error.json")
    assert (error["message"], error["retryable"]) == ("input.text is 5 (int); give a string", False)
    assert bench.storage.puts == ["0/1.1/_claim.json", "0/1.1/_error.json"]


def test_an_index_without_input_is_a_broken_contract(bench: Bench) -> None:
    assert bench.run("echo", {0: ECHO}, MILLRACE_INDICES="1") == 2
    assert "no input for index 1" in bench.read("1/1.1/_error.json")["message"]


def test_a_missing_input_object_may_be_retried(bench: Bench) -> None:
    assert bench.run("echo", {0: ECHO}, MILLRACE_INPUT=f"{bench.prefix}nothing.json") == 1
    assert bench.read("0/1.1/_error.json")["retryable"] is True


def test_a_child_that_fails_does_not_stop_the_others(bench: Bench) -> None:
    inputs = {0: ECHO, 1: {"text": 5, "seconds": 0}, 7: ECHO}
    assert bench.run("echo", inputs) == 2
    assert [bench.read(f"{index}/1.1/_manifest.json") is not None for index in inputs] == [True, False, True]


def test_storage_that_fails_makes_the_attempt_retryable(bench: Bench) -> None:
    def fail(uri: str) -> None:
        if uri.endswith("echo.txt"):
            raise StorageError("S3 is slow today")

    bench.storage.before_put = fail
    assert bench.run("echo", {0: ECHO}) == 1
    assert bench.read("0/1.1/_error.json")["retryable"] is True


def test_progress_that_cannot_be_stored_fails_nothing(bench: Bench) -> None:
    def fail(uri: str) -> None:
        if uri.endswith("_progress.json"):
            raise StorageError("S3 is slow today")

    bench.storage.before_put = fail
    assert bench.run("echo", {0: ECHO}) == 0
    assert any(event["message"] == "progress could not be stored" for event in bench.log)


def test_an_artifact_that_has_changed_since_is_refused(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("changed")
    artifact = {"uri": "s3://x", "sha256": sha256_of(b"original"), "bytes": 8, "mediaType": "text/plain"}
    schema = JOBS["copy"].input_schema["properties"]["file"]["properties"]["uri"]
    pattern = schema.pop("pattern")
    try:
        assert bench.run("copy", {0: {"file": {**artifact, "uri": str(tmp_path / "a.txt")}}}) == 1
    finally:
        schema["pattern"] = pattern
    assert bench.read("0/1.1/_error.json")["name"] == "DigestMismatch"


def test_the_next_attempt_resumes_from_the_checkpoint_and_another_child_does_not(bench: Bench) -> None:
    inputs = {0: {"how": "resume"}}
    assert bench.run("act", inputs) == 1
    assert bench.run("act", inputs, MILLRACE_ATTEMPT="2") == 0
    assert bench.run("act", {1: {"how": "resume"}}) == 1


def test_every_log_line_says_whose_it_is(bench: Bench) -> None:
    bench.run("echo", {3: ECHO, 4: ECHO})
    assert {event["index"] for event in bench.log} == {3, 4}
    assert all(event.keys() >= {"level", "timestamp", "run", "step", "index", "attempt"} for event in bench.log)
