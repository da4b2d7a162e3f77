"""A job from a shell: local files, no AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conftest import JOB_SECONDS, ROOT
from millrace_job import command
from millrace_job.command import Family, parse
from millrace_job.digest import sha256_of
from millrace_job.log import Log
from probe import jobs

if TYPE_CHECKING:
    from pathlib import Path


def shell(family: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": "sdk:tests"}
    return subprocess.run(
        [sys.executable, "-m", family, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=JOB_SECONDS,
        check=False,
    )


@dataclass(frozen=True)
class Result:
    code: int
    stdout: str
    stderr: str


Run = Callable[[str, Any], Result]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a probe job as the command does, without the cost of a process."""
    family = Family("probe", {"echo": jobs.echo, "copy": jobs.copy, "act": jobs.act})

    def run_job(job: str, job_input: Any) -> Result:
        (tmp_path / "input.json").write_text(json.dumps(job_input))
        options = parse(family, [job, "--input", str(tmp_path / "input.json"), "--output", str(tmp_path / "out")])
        code = command.run(family, options, {}, Log(sys.stderr, {}, text=True))
        return Result(code, *capsys.readouterr())

    return run_job


@pytest.mark.parametrize("form", ["plain", "absolute", "file", "object"])
def test_an_artifact_may_be_a_local_path(run: Run, tmp_path: Path, form: str) -> None:
    name = "a + b %20 #1?.txt"
    (tmp_path / name).write_text("content")
    given: Any = {
        "plain": name,
        "absolute": f"{tmp_path}/{name}",
        "file": f"file://{tmp_path}/{name}",
        "object": {"uri": name, "mediaType": "text/special"},
    }[form]
    result = run("copy", {"file": given})

    assert result.code == 0, result.stderr
    assert json.loads(result.stdout)["copy"] == {
        "uri": str(tmp_path / "out" / "copy.txt"),
        "sha256": sha256_of(b"content"),
        "bytes": 7,
        "mediaType": "text/plain",
    }
    assert (tmp_path / "out" / "copy.txt").read_text() == "content"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["copy.txt"]


def test_a_job_runs_and_reports_its_progress_in_words(tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('{"text": "hé", "seconds": 0}')
    result = shell("probe", "echo", "--input", str(tmp_path / "input.json"), "--output", str(tmp_path / "out"))
    assert json.loads(result.stdout)["text"] == "hé"
    assert result.stderr == "half way fraction=0.5\n"


@pytest.mark.parametrize(
    ("job", "job_input", "code", "message"),
    [
        ("copy", {"file": "nothing.txt"}, 2, "nothing.txt: there is no such file"),
        ("copy", {"file": "s3://bucket/key"}, 2, "input.file.sha256 is missing; add it"),
        ("echo", {"text": 5, "seconds": 0}, 2, "input.text is 5 (int); give a string"),
        ("ehco", {}, 2, "Did you mean echo?"),
        ("act", {"how": "bad output"}, 2, "output.how is 1"),
        ("act", {"how": "fatal"}, 1, "FatalError: the file is wrong: correct it"),
        ("act", {"how": "raise"}, 1, "Traceback"),
    ],
)
def test_a_failure_is_reported_on_standard_error(run: Run, job: str, job_input: Any, code: int, message: str) -> None:
    result = run(job, job_input)
    assert (result.code, result.stdout) == (code, "")
    assert message in result.stderr
    assert ("Traceback" in result.stderr) == (message == "Traceback")


def test_a_run_resumes_after_a_failure_and_starts_afresh_after_a_success(run: Run) -> None:
    assert [run("act", {"how": "resume"}).code for _ in range(3)] == [1, 0, 1]


def test_help_lists_the_jobs() -> None:
    for arguments in ([], ["--help"]):
        result = shell("ridge", *arguments)
        assert result.returncode == 0
        assert "train     Fits a ridge regression with the given alpha." in result.stdout


def test_input_without_output_is_refused(tmp_path: Path) -> None:
    result = shell("probe", "echo", "--input", str(tmp_path / "input.json"))
    assert result.returncode == 2
    assert "give both --input (a JSON file) and --output (a folder)" in result.stderr


def test_a_job_with_neither_files_nor_engine_says_what_is_missing() -> None:
    result = shell("probe", "echo")
    assert result.returncode == 2
    assert "from a shell, give --input and --output" in result.stderr
