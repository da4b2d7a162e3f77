"""The code of a family's function on the local stack: passes each call to a process with the family's own Python.

MiniStack runs functions with the Python that it runs on itself. The process of `function_worker.py` has the family's
packages instead, as on AWS, and stays warm. It is replaced when a source file of its jobs has changed. This file is
deployed by itself, so it imports nothing of the project.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

KILLED = -9
# Libraries that otherwise start a thread for each core of the machine.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS")


class Worker:
    """A process that runs calls, and the state of the sources that it was started with."""

    def __init__(self, sources: int) -> None:
        self.sources = sources
        reads, writes = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - the deployment names the program
            [os.environ["MILLRACE_PYTHON"], "-P", os.environ["MILLRACE_WORKER"], str(writes)],
            stdin=subprocess.PIPE,
            # Standard output of this process belongs to MiniStack; what jobs print goes to the log.
            stdout=sys.stderr.fileno(),
            stderr=sys.stderr.fileno(),
            pass_fds=[writes],
            env=environment(),
            text=True,
        )
        os.close(writes)
        self._answers = os.fdopen(reads)

    def call(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The worker's answer; None if it ended before it gave one."""
        try:
            print(json.dumps(message), file=self._process.stdin, flush=True)
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] | None = json.loads(line) if line else None
        return answer

    def is_running(self) -> bool:
        """Whether it can take a call."""
        return self._process.poll() is None

    def end(self) -> int:
        """Ends it. Returns the exit code, below zero for a signal."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        code = self._process.wait()
        self._answers.close()
        return code


def environment() -> dict[str, str]:
    """The environment of a family's jobs: the deployed folder's code, and one thread for computing, as on Batch."""
    jobs = Path(os.environ["MILLRACE_JOBS"])
    threads = dict.fromkeys(THREADS, "1")
    return {**threads, **os.environ, "PYTHONPATH": os.pathsep.join([str(jobs), str(jobs / "sdk")])}


_workers: list[Worker] = []


def handler(event: Any, context: Any) -> Any:
    """Runs a call. An error of the process has the words that Lambda has for it."""
    sources = newest_change()
    if _workers and not (_workers[0].is_running() and _workers[0].sources == sources):
        _workers.pop().end()
    if not _workers:
        _workers.append(Worker(sources))
    names = ("aws_request_id", "log_group_name", "log_stream_name", "memory_limit_in_mb")
    facts = {name: getattr(context, name) for name in names}
    message = {"event": event, "context": {**facts, "milliseconds": context.get_remaining_time_in_millis()}}
    answer = _workers[0].call(message)
    if answer is None:
        code = _workers.pop().end()
        how = "signal: killed" if code == KILLED else f"exit status {code}"
        raise RuntimeError(f"Runtime exited with error: {how}")
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["returned"]


def newest_change() -> int:
    """When a source of the family or of the SDK last changed, in nanoseconds."""
    jobs = Path(os.environ["MILLRACE_JOBS"])
    folders = (jobs / os.environ["FAMILY"], jobs / "sdk" / "millrace_job")
    times = [path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*") if path.suffix != ".pyc"]
    return max(times, default=0)
