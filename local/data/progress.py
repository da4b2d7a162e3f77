"""Progress for the waiting person, on standard error, so that standard output contains only data."""

from __future__ import annotations

import sys
import time

REPORT_INTERVAL_SECONDS = 2.0


class Progress:
    """Reports a generator's progress every two seconds, and how it ended."""

    def __init__(self, count: int, unit: str = "rows") -> None:
        self._count = count
        self._unit = unit
        self._began = self._reported = time.monotonic()

    def __call__(self, done: int) -> None:
        """`done` is the number made so far."""
        now = time.monotonic()
        if now - self._reported >= REPORT_INTERVAL_SECONDS:
            self._reported = now
            pace = f"{done / (now - self._began):,.0f} {self._unit}/s"
            self._tell(f"{done:,} of {self._count:,} {self._unit}, {pace}")

    def end(self, what: str) -> None:
        """`what` describes in words what was made."""
        self._tell(f"{what} in {time.monotonic() - self._began:.1f} s")

    @staticmethod
    def _tell(line: str) -> None:
        print(f"data: {line}", file=sys.stderr, flush=True)  # noqa: T201 - this is a command line
