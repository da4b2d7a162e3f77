"""The errors a job can raise, and what each means for a retry."""

from __future__ import annotations


class FatalError(Exception):
    """A retry can't help: the input is wrong, or the world is. The attempt fails and is never retried.

    The message is what a person reads in the console: say what was found, where, and what to do.
    """


class RetryAfter(Exception):
    """The same attempt may succeed later: asks for a retry after at least `seconds`."""

    def __init__(self, seconds: float, message: str) -> None:
        if not 0 <= seconds <= 86_400:
            raise ValueError(f"RetryAfter takes 0 to 86400 seconds (a day), not {seconds!r}")
        super().__init__(message)
        self.seconds = seconds


class ContractError(FatalError):
    """The input or the output breaks the job's schema, or the job is unknown: exit code 2."""


class Terminated(BaseException):
    """SIGTERM arrived. Not an `Exception`, so that a job's own `except Exception` doesn't swallow it."""
