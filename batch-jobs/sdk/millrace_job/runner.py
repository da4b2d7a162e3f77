"""Runs a job as the engine requests: claim, read, work, commit. docs/batch-jobs.md has the protocol."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millrace_job import schema
from millrace_job.artifact import Artifacts
from millrace_job.checkpoint import Checkpoint
from millrace_job.context import Context, Progress
from millrace_job.errors import Coded, ContractError, FatalError, JobExited, RetryAfter, Terminated
from millrace_job.lake import Lake
from millrace_job.log import Log, timestamp
from millrace_job.report import Report
from millrace_job.storage import ConditionFailed, ObjectForbidden, ObjectNotFound, ObjectStorage
from millrace_job.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millrace_job.assignment import Assignment
    from millrace_job.job import Job

EXIT_DONE = 0
EXIT_RAISED = 1
EXIT_CONTRACT = 2

JSON_TYPE = "application/json"
MAX_MESSAGE_CHARACTERS = 4_000
MAX_STACK_LINES = 100


@dataclass
class Runner:
    """Runs every mapped child of one assignment, one after the other."""

    job: Job[Any, Any]
    assignment: Assignment
    storage: ObjectStorage
    log: Log
    execution: Mapping[str, str] | None = None
    """What the claim of a Lambda function says about this execution, so that no second one of its call works."""
    begins: Callable[[], bool] = lambda: True
    """Asked after the claim, whether the work is still wanted."""
    left: bool = field(default=False, init=False)
    """Whether a child was left to another execution, or is no longer wanted."""

    def run(self) -> int:
        """Runs the children and returns the exit code.

        A child that fails doesn't stop the others: each child has its own manifest or error, which the engine reads.
        The code is 1 if a child raised an exception, otherwise 2 if one broke the contract, otherwise 0.
        """
        codes = {self._run_child(index) for index in self.assignment.indices}
        return next((code for code in (EXIT_RAISED, EXIT_CONTRACT) if code in codes), EXIT_DONE)

    def _run_child(self, index: int) -> int:
        log = self.log.bind(index=index)
        usage = Usage()
        try:
            if not self._claim(index, log):
                self.left = True
                return EXIT_DONE
            self._work(index, usage, log)
        except Exception as error:  # noqa: BLE001 - whatever the job raises is reported to the engine
            report_failure(self.assignment, index, error, self.storage, log, usage)
            return EXIT_CONTRACT if isinstance(error, ContractError) else EXIT_RAISED
        except SystemExit as stop:
            # If a library calls sys.exit, the job must not count as done.
            fault = JobExited(f"the job called sys.exit({stop.code!r})")
            report_failure(self.assignment, index, fault, self.storage, log, usage)
            return EXIT_RAISED
        except (Terminated, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - a native library's panic or a cancelled task
            report_failure(self.assignment, index, error, self.storage, log, usage)
            return EXIT_RAISED
        return EXIT_DONE

    def _claim(self, index: int, log: Log) -> bool:
        """Claims a child. Returns whether this process should do the work."""
        prefix, job_id = self.assignment.attempt_prefix(index), self.assignment.job_id
        claim = {"jobId": job_id, "claimedAt": timestamp(), **(self.execution or {})}
        try:
            self._put(f"{prefix}_claim.json", claim, once=True)
        except ConditionFailed:
            kept = json.loads(self.storage.read(f"{prefix}_claim.json")[0])
            holder = kept.get("jobId")
            if self.execution is not None and kept.get("execution") != claim["execution"]:
                log.info("another execution of this call is at work; leaving it to that one", holder=holder)
                return False
            if holder != job_id:
                log.info("another copy of this attempt is at work; leaving it to that one", holder=holder)
                return False
            # This is one of Batch's own retries. The try before may have died between its commit and its exit.
            if self._exists(f"{prefix}_manifest.json"):
                log.info("an earlier try has committed this attempt")
                return False
        # After the claim, because a request that comes later finds a job that has begun.
        if self.begins():
            return True
        log.info("the job is no longer wanted")
        return False

    def _work(self, index: int, usage: Usage, log: Log) -> None:
        started_at = timestamp()
        began = time.monotonic()
        job_input = self._read_input(index)
        with tempfile.TemporaryDirectory(prefix="millrace-") as scratch:
            context = self._context(index, job_input, Path(scratch), log)
            log.info("started")
            output = self.job(job_input, context)
            schema.check("output", output, self.job.output_schema)
            manifest = {
                "version": 1,
                "job": self.job.contract,
                "output": output,
                "artifacts": context.artifacts.written,
                "startedAt": started_at,
                "endedAt": timestamp(),
                "usage": usage.read(),
            }
            try:
                self._put(f"{self.assignment.attempt_prefix(index)}_manifest.json", manifest, once=True)
            except ConditionFailed:
                # An earlier try of this job was still running and has committed. Its result counts.
                log.warning("an earlier try has committed this attempt; its result stands")
                return
            seconds = round(time.monotonic() - began, 3)
            log.info("done", seconds=seconds, artifacts=len(context.artifacts.written))

    def _read_input(self, index: int) -> Any:
        uri = self.assignment.input_uri(index)
        try:
            inputs = json.loads(self.storage.read(uri)[0]).get("inputs", {})
        except (ValueError, AttributeError) as error:
            raise ContractError(f'{uri} is not a JSON object such as {{"inputs": {{"0": {{…}}}}}}: {error}') from error
        if str(index) not in inputs:
            raise ContractError(f"{uri} has no input for index {index}")
        job_input = inputs[str(index)]
        schema.check("input", job_input, self.job.input_schema)
        return job_input

    def _context(self, index: int, job_input: object, scratch: Path, log: Log) -> Context:
        asked = self.assignment
        artifacts = Artifacts(self.storage, asked.artifact_prefix(index), scratch)
        progress_uri = f"{asked.attempt_prefix(index)}_progress.json"

        def store(event: dict[str, object]) -> None:
            try:
                self._put(progress_uri, event)
            except Exception as error:  # noqa: BLE001 - a failed progress report must not end the job
                log.warning("progress could not be stored", reason=str(error))

        return Context(
            pipeline=asked.pipeline,
            run=asked.run,
            step=asked.step,
            index=index,
            epoch=asked.epoch,
            attempt=asked.attempt,
            artifacts=artifacts,
            checkpoint=Checkpoint(
                self.storage,
                asked.checkpoint_prefix(index),
                (asked.epoch, asked.attempt, asked.native_attempt),
                input_digest(job_input),
                scratch,
                log,
            ),
            log=log,
            progress=Progress(log, store),
            report=Report(artifacts),
            lake=Lake(self.storage, asked.lake_prefix()),
            scratch=scratch,
        )

    def _put(self, uri: str, value: object, *, once: bool = False) -> None:
        put_json(self.storage, uri, value, once=once)

    def _exists(self, uri: str) -> bool:
        try:
            self.storage.stat(uri)
        # If a role may not list the bucket, S3 answers "forbidden" for a missing object. If the object does exist, the
        # job runs a second time, and its manifest is refused.
        except (ObjectNotFound, ObjectForbidden):
            return False
        return True


def put_json(storage: ObjectStorage, uri: str, value: object, *, once: bool = False) -> None:
    """Stores a value as JSON. Raises ConditionFailed if it may be written once and is there already."""
    storage.put(uri, _json(value), media_type=JSON_TYPE, if_none_match=once)


def describe_error(error: BaseException) -> dict[str, object]:
    """The content of `_error.json`: the error, and whether a retry can help."""
    message = str(error) or repr(error)
    description: dict[str, object] = {
        "name": type(error).__name__,
        "message": message[:MAX_MESSAGE_CHARACTERS],
        "retryable": not isinstance(error, FatalError),
    }
    if isinstance(error, Coded):
        description["code"] = error.code
    if isinstance(error, RetryAfter):
        description["retryAfterSeconds"] = error.seconds
    lines = "".join(traceback.format_exception(error)).splitlines()
    return {**description, "stack": lines[-MAX_STACK_LINES:]}


def report_failure(
    assignment: Assignment,
    index: int,
    error: BaseException,
    storage: ObjectStorage,
    log: Log,
    usage: Usage | None = None,
) -> None:
    """Logs an error and puts `_error.json`. It raises nothing, because the exit code reports the failure anyway."""
    description = describe_error(error)
    if usage is not None:
        description["usage"] = usage.read()
    fields = {name: value for name, value in description.items() if name not in ("name", "message")}
    log.error(str(description["message"]), error=description["name"], **fields)
    try:
        storage.put(f"{assignment.attempt_prefix(index)}_error.json", _json(description), media_type=JSON_TYPE)
    except Exception as fault:  # noqa: BLE001 - see above
        log.error("_error.json could not be stored", reason=str(fault))


def input_digest(job_input: object) -> str:
    """SHA-256 (hex) of an input. It doesn't depend on the order of fields."""
    return hashlib.sha256(json.dumps(job_input, sort_keys=True).encode()).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2).encode()
