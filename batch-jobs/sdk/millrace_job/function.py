"""Jobs as calls of a Lambda function: one process runs many jobs, one after the other, and stays warm between them.

The function's handler is `millrace_job.function.handler`; the environment's FAMILY names the family.
docs/batch-jobs.md has the protocol.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from millrace_job.assignment import read_assignment
from millrace_job.command import FamilyLoaded, job_log, loading, run_job
from millrace_job.errors import ContractError
from millrace_job.log import forward_library_logs, timestamp
from millrace_job.runner import EXIT_CONTRACT, put_json
from millrace_job.storage import ObjectForbidden, ObjectNotFound, StorageError
from millrace_job.uri_storage import UriStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from millrace_job.command import Family
    from millrace_job.storage import ObjectStorage

# How often a running job looks whether it is to end.
STOP_SECONDS = 5.0
# The time that is left to tell that a job ran out of time, before Lambda ends the process.
TELLING_SECONDS = 2.0

EXIT_TIMED_OUT = 124
# Lambda starts another process for the next call.
EXIT_PROCESS = 1


class LambdaContext(Protocol):
    """What the handler uses of Lambda's context object."""

    aws_request_id: str
    log_group_name: str
    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the process."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
    """Runs the job that the event asks for. The answer says how it ended, or that another execution has its attempt."""
    return run_call(load_family(os.environ["FAMILY"]), event, context, warm_storage())


@cache
def warm_storage() -> ObjectStorage:
    """The storage of all jobs of this process: its client and its connections stay open between them."""
    return UriStorage()


@cache
def load_family(name: str) -> Family:
    """The family whose `__main__` calls `run_family`.

    Raises:
        ContractError: that module calls it with nothing, or not at all.
    """
    with loading():
        try:
            importlib.import_module(f"{name}.__main__")
        except FamilyLoaded as loaded:
            return loaded.family
    raise ContractError(f"{name}/__main__.py doesn't call run_family, so nobody knows the family's jobs")


def run_call(
    family: Family,
    event: Mapping[str, Any],
    context: LambdaContext,
    storage: ObjectStorage,
    end_process: Callable[[int], object] = os._exit,
) -> dict[str, object]:
    """Runs one call. See `handler`."""
    env: dict[str, str] = {**event["environment"], "AWS_BATCH_JOB_ID": event["id"]}
    if "arrayIndex" in event:
        env["AWS_BATCH_JOB_ARRAY_INDEX"] = str(event["arrayIndex"])
    # What the call's environment names belongs to this job alone: libraries of the job before it must not see it.
    log = job_log(env, text=False)
    forward_library_logs(log)
    assignment = read_assignment(env)
    (index,) = assignment.indices
    prefix = assignment.attempt_prefix(index)
    # Many calls share a stream, so the place of this one's lines also has its request.
    stream = f"{context.log_stream_name}#{context.aws_request_id}"
    place = {"logGroup": context.log_group_name, "logStream": stream}
    execution = {"execution": f"{context.aws_request_id}/{uuid4()}", **place}
    call = Call(storage, prefix, tuple(event.get("stops", ())))
    started_at = timestamp()
    seconds = min(float(event["timeout"]), context.get_remaining_time_in_millis() / 1000 - TELLING_SECONDS)
    watch = Watch(call, seconds, end_process)
    try:
        outcome = run_job(
            family, event["command"][-1], assignment, storage, log, execution=execution, begins=call.is_wanted
        )
    except ContractError as error:
        log.error(str(error))
        outcome = EXIT_CONTRACT
    finally:
        watch.stop()
        sys.stdout.flush()
    if outcome is None:
        return {"copy": True}
    ended = {"exitCode": outcome, "endedAt": timestamp()}
    call.tell(ended)
    return {**ended, "startedAt": started_at, **place}


class Call:
    """What a call leaves in its attempt's place, and how others ask it to end."""

    def __init__(self, storage: ObjectStorage, prefix: str, stops: Sequence[str]) -> None:
        self._storage = storage
        self._prefix = prefix
        self._stops = stops

    def is_wanted(self) -> bool:
        """Whether nobody has asked for its end."""
        return not any(self._exists(stop) for stop in self._stops)

    def tell(self, ended: Mapping[str, object]) -> None:
        """Leaves its end. If that fails, Lambda's own report or the attempt's deadline says it."""
        try:
            put_json(self._storage, f"{self._prefix}_end.json", ended)
        except StorageError as error:
            sys.stderr.write(f"_end.json could not be stored: {error}\n")

    def _exists(self, uri: str) -> bool:
        try:
            self._storage.stat(uri)
        # A role that may not list the bucket gets "forbidden" for a missing object. After any other error, it goes on.
        except (ObjectNotFound, ObjectForbidden, StorageError):
            return False
        return True


class Watch:
    """Ends the process of a job that is no longer wanted, or that takes longer than it may.

    Nobody else can: Lambda knows one time limit for all jobs of a function, and has no way to end a call.
    """

    def __init__(self, call: Call, seconds: float, end_process: Callable[[int], object]) -> None:
        self._call = call
        self._seconds = seconds
        self._end_process = end_process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="millrace-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch. After this, it ends no process."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        left = self._seconds
        while not self._ended.wait(max(0.0, min(STOP_SECONDS, left))):
            left -= STOP_SECONDS
            if left <= 0:
                reason = f"Job attempt duration exceeded timeout: {self._seconds:g} s"
                self._call.tell({"exitCode": EXIT_TIMED_OUT, "reason": reason, "endedAt": timestamp()})
            elif self._call.is_wanted():
                continue
            self._end_process(EXIT_PROCESS)
            return
