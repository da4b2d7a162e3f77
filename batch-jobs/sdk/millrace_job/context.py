"""What a job gets in addition to its input."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millrace_job.errors import InvalidArgument
from millrace_job.log import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from millrace_job.artifact import Artifacts
    from millrace_job.checkpoint import Checkpoint
    from millrace_job.lake import Lake
    from millrace_job.log import Log
    from millrace_job.report import Report

# Each report is a PutObject, and a person who watches doesn't need more of them.
PROGRESS_SECONDS = 5.0


class Progress:
    """Reports progress, at most every five seconds: `context.progress(0.4, "epoch 4 of 10")`."""

    def __init__(
        self, log: Log, store: Callable[[dict[str, object]], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._store = store
        self._clock = clock
        self._published_at: float | None = None

    def __call__(self, fraction: float | None, message: str) -> None:
        """`fraction` is from 0 to 1, or None if it isn't known. The first report and a report of 1 are always sent.

        Raises:
            ValueError: the fraction is outside 0 to 1.
        """
        if fraction is not None and not 0 <= fraction <= 1:
            raise InvalidArgument(f"progress takes a fraction from 0 to 1, not {fraction!r}")
        now = self._clock()
        due = self._published_at is None or now - self._published_at >= PROGRESS_SECONDS
        if not due and fraction != 1:
            return
        self._published_at = now
        known = {} if fraction is None else {"fraction": fraction}
        self._log.info(message, **known)
        self._store({**known, "message": message, "at": timestamp()})


@dataclass(frozen=True)
class Context:
    """One attempt of one mapped child, as the job sees it."""

    pipeline: str
    run: str
    step: str
    index: int
    epoch: int
    attempt: int
    artifacts: Artifacts
    checkpoint: Checkpoint
    log: Log
    progress: Progress
    report: Report
    lake: Lake
    scratch: Path
    """A local folder for the job's own files. It is removed when the attempt ends."""
