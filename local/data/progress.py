"""Progress for the person who waits, on standard error, so that standard output stays data."""

from __future__ import annotations

import sys
import time

TELL_EVERY_SECONDS = 2.0


class Progress:
    """Tells how far a generator is, every two seconds, and how it ended."""

    def __init__(self, count: int, unit: str = "rows") -> None:
        self._count = count
        self._unit = unit
        self._began = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        """`done` is how many are made."""
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_SECONDS:
            self._told = now
            pace = f"{done / (now - self._began):,.0f} {self._unit}/s"
            self._tell(f"{done:,} of {self._count:,} {self._unit}, {pace}")

    def end(self, what: str) -> None:
        """`what` was made, in words."""
        self._tell(f"{what} in {time.monotonic() - self._began:.1f} s")

    @staticmethod
    def _tell(line: str) -> None:
        print(f"data: {line}", file=sys.stderr, flush=True)  # noqa: T201 - this is a command line
