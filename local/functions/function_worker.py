"""Runs a family's calls, one at a time, for `function_shim.py`: a line of JSON for each call, and one for each answer.

Its memory is limited as Lambda limits it: it is killed when it uses more than its function has.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

MEMORY_SECONDS = 0.1
MEGABYTE = 1024 * 1024


@dataclass
class Context:
    """Lambda's context object, as far as jobs' handler uses it."""

    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    memory_limit_in_mb: int
    milliseconds: int

    def __post_init__(self) -> None:
        self._ends_at = time.monotonic() + self.milliseconds / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's time is over."""
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def limit_memory(megabytes: int) -> None:
    """Kills this process as soon as it uses more memory than that."""

    def watch() -> None:
        while resident_bytes() <= megabytes * MEGABYTE:
            time.sleep(MEMORY_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="memory", daemon=True).start()


def read_calls(calls: queue.Queue[str]) -> None:
    """Passes calls on, and ends this process when its parent is gone, also in the middle of a call."""
    for line in sys.stdin:
        calls.put(line)
    os._exit(0)


def log_to(folder: str | None, request: str) -> None:
    """Sends the output of a call to a file of its own, where the local stack keeps the logs of jobs."""
    if folder is None:
        return
    file = Path(folder) / request / "log"
    file.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for output in (sys.stdout, sys.stderr):
        output.flush()
        os.dup2(log, output.fileno())
    os.close(log)


def main() -> None:
    """Answers calls until standard input closes."""
    answers = os.fdopen(int(sys.argv[1]), "w")
    calls: queue.Queue[str] = queue.Queue()
    threading.Thread(target=read_calls, args=(calls,), name="calls", daemon=True).start()
    is_limited = False
    while True:
        message = json.loads(calls.get())
        context = Context(**message["context"])
        log_to(os.environ.get("MILLRACE_JOB_LOGS"), context.aws_request_id)
        if not is_limited and sys.platform == "linux":
            limit_memory(context.memory_limit_in_mb)
            is_limited = True
        try:
            from millrace_job.function import handler

            answer: dict[str, object] = {"returned": handler(message["event"], context)}
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is Lambda's answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
