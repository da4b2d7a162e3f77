"""Real processes on a real S3, as Batch starts them."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from conftest import JOB_SECONDS, Step

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bucket


def echo(bucket: Bucket, seconds: float = 0) -> Step:
    step = Step(f"{bucket.uri}runs/a + b %20 ünï/step/", "probe.echo", bucket.env)
    step.put_inputs({0: {"text": "hello", "seconds": seconds}})
    return step


def test_of_two_copies_at_once_one_works_and_one_leaves_quietly(bucket: Bucket) -> None:
    step = echo(bucket, seconds=0.3)
    copies = [step.start(AWS_BATCH_JOB_ID=name) for name in ("job-a", "job-b")]
    outputs = [copy.communicate(timeout=JOB_SECONDS)[0] for copy in copies]

    assert [copy.returncode for copy in copies] == [0, 0], outputs
    assert sum('"done"' in output for output in outputs) == 1
    assert sum("another copy of this attempt is at work" in output for output in outputs) == 1
    winner = "job-a" if '"done"' in outputs[0] else "job-b"
    assert step.read("0/1.1/_claim.json")["jobId"] == winner
    artifact = step.read("0/1.1/_manifest.json")["artifacts"][0]
    assert artifact["uri"].endswith("runs/a + b %20 ünï/step/0/1.1/echo.txt")
    assert artifact["versionId"]


def test_sigterm_ends_the_job_with_143_and_no_manifest(bucket: Bucket) -> None:
    step = echo(bucket, seconds=2 * JOB_SECONDS)
    process = step.start()
    deadline = time.monotonic() + JOB_SECONDS
    while step.read("0/1.1/_progress.json") is None:
        assert time.monotonic() < deadline, "the job has not started"
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=JOB_SECONDS)

    assert process.returncode == 143
    assert "ended by SIGTERM" in output
    assert step.read("0/1.1/_manifest.json") is None


def test_an_unknown_job_is_reported_to_the_engine(tmp_path: Path) -> None:
    step = Step(f"{tmp_path}/step/", "probe.ehco", {})
    code, lines = step.run(MILLRACE_INDICES="0-1")
    assert code == 2
    for index in (0, 1):
        error = step.read(f"{index}/1.1/_error.json")
        assert "has no job ehco. Did you mean echo? Its jobs are: echo, copy, act" in error["message"]
        assert error["retryable"] is False
    assert lines[0]["level"] == "ERROR"


def test_a_command_for_another_job_than_requested_is_refused(tmp_path: Path) -> None:
    step = Step(f"{tmp_path}/step/", "probe.echo", {})
    code, _ = step.run(MILLRACE_JOB="probe.act")
    assert code == 2
    assert "MILLRACE_JOB is probe.act" in step.read("0/1.1/_error.json")["message"]


def test_the_tags_of_a_step_stand_on_each_line(tmp_path: Path) -> None:
    step = Step(f"{tmp_path}/step/", "probe.echo", {"text": "x"})
    _, lines = step.run(MILLRACE_TAGS="nightly team:growth")
    assert lines
    assert all(line["tags"] == ["nightly", "team:growth"] for line in lines)
    _, lines = step.run(MILLRACE_ATTEMPT="2")
    assert not any("tags" in line for line in lines)


def test_what_libraries_warn_of_is_a_log_line_too(tmp_path: Path) -> None:
    step = Step(f"{tmp_path}/step/", "probe.act", {})
    step.put_inputs({0: {"how": "warn"}})
    code, lines = step.run()
    assert code == 0
    assert any(line["level"] == "WARNING" and "a library warns" in line["message"] for line in lines)
    assert all((line["run"], line["step"], line["attempt"]) == ("run-1", "a_step", "1.1") for line in lines)


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    step = Step(f"{tmp_path}/step/", "probe.echo", {})
    code, lines = step.run(MILLRACE_EPOCH="")
    assert code == 2
    assert "MILLRACE_EPOCH is not set" in lines[0]["message"]
