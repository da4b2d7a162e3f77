"""A job as a call of a Lambda function, in this process and on local files."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conftest import Step
from millrace_job.command import Family
from millrace_job.errors import ContractError
from millrace_job.function import handler, load_family, run_call
from millrace_job.uri_storage import UriStorage
from probe import jobs

if TYPE_CHECKING:
    from pathlib import Path

FAMILY = Family("probe", {"echo": jobs.echo, "act": jobs.act})
ECHO = {"text": "hello", "seconds": 0}


@dataclass
class Context:
    """Lambda's context of one call."""

    aws_request_id: str = "request"
    log_group_name: str = "/aws/lambda/probe"
    log_stream_name: str = "stream"
    milliseconds: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class Place:
    """One step on local files, and calls of its function."""

    def __init__(self, folder: Path) -> None:
        self.prefix = f"{folder}/runs/r1/step/"
        self.stop = f"{folder}/stop.json"

    def event(self, job: str, inputs: dict[int, Any], array_index: int | None = None, timeout: float = 60) -> Any:
        step = Step(self.prefix, f"probe.{job}", {})
        step.put_inputs(inputs)
        indices = {"MILLRACE_INDICES": ",".join(map(str, inputs))}
        return {
            "id": "function-job" if array_index is None else f"function-job:{array_index}",
            "environment": step.environment(**indices),
            "command": ["python", "-m", "probe", job],
            "timeout": timeout,
            "stops": [self.stop],
            **({} if array_index is None else {"arrayIndex": array_index}),
        }

    def read(self, name: str) -> Any:
        return Step(self.prefix, "", {}).read(name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def call(event: Any, context: Context | None = None) -> dict[str, object]:
    return run_call(FAMILY, event, context or Context(), UriStorage(), end_process=lambda _: None)


def test_a_call_claims_its_attempt_and_leaves_its_manifest_and_its_end(place: Place) -> None:
    answer = call(place.event("echo", {0: ECHO}))
    assert answer["exitCode"] == 0
    assert answer["logStream"] == "stream#request"
    assert place.read("0/1.1/_manifest.json")["output"]["text"] == "hello"
    claim = place.read("0/1.1/_claim.json")
    assert claim["jobId"] == "function-job"
    assert claim["execution"].startswith("request/")
    assert place.read("0/1.1/_end.json") == {"exitCode": 0, "endedAt": answer["endedAt"]}


def test_a_child_of_an_array_works_for_its_own_index(place: Place) -> None:
    call(place.event("echo", {3: ECHO, 7: {"text": "seven", "seconds": 0}}, array_index=1))
    assert place.read("7/1.1/_manifest.json")["output"]["text"] == "seven"


def test_a_second_execution_of_the_same_call_does_nothing(place: Place) -> None:
    event = place.event("echo", {0: ECHO})
    call(event)
    assert call(event) == {"copy": True}


def test_a_call_whose_end_was_asked_for_does_nothing(place: Place) -> None:
    event = place.event("echo", {0: ECHO})
    UriStorage().put(place.stop, b"{}", media_type="application/json")
    assert call(event) == {"copy": True}


@pytest.mark.parametrize("how", ["raise", "exit"])
def test_a_job_that_fails_is_an_answer_and_not_an_error_of_the_function(place: Place, how: str) -> None:
    assert call(place.event("act", {0: {"how": how}}))["exitCode"] == 1
    assert place.read("0/1.1/_error.json")["retryable"] is True


def test_a_cancelled_task_ends_as_an_error_with_its_name(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(*_: object) -> Any:
        raise asyncio.CancelledError("half way")

    monkeypatch.setattr(type(jobs.echo), "__call__", cancelled)
    assert call(place.event("echo", {0: ECHO}))["exitCode"] == 1
    assert place.read("0/1.1/_error.json")["name"] == "CancelledError"


def test_a_job_that_runs_out_of_time_says_so_and_ends_the_process(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    told: list[Any] = []

    def end(code: int) -> None:
        told.append((code, place.read("0/1.1/_end.json")))
        ended.set()

    def slow(*_: object) -> Any:
        assert ended.wait(60)
        raise ValueError("too late")

    monkeypatch.setattr(type(jobs.echo), "__call__", slow)
    event = place.event("echo", {0: ECHO}, timeout=0.05)
    run_call(FAMILY, event, Context(), UriStorage(), end_process=end)
    [(code, said)] = told
    assert (code, said["exitCode"]) == (1, 124)
    assert said["reason"].startswith("Job attempt duration exceeded timeout")


def test_a_process_has_the_jobs_that_its_family_names() -> None:
    assert set(load_family("probe").jobs) >= {"echo", "act", "copy"}


def test_a_family_that_names_no_jobs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jobless").mkdir()
    (tmp_path / "jobless" / "__main__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ContractError, match="run_family"):
        load_family("jobless")


def test_the_handler_runs_the_family_of_its_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMILY", "probe")
    assert handler(place.event("echo", {0: ECHO}), Context())["exitCode"] == 0
