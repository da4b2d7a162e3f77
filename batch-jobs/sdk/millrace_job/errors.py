"""The errors a job can raise, and what each means for a retry."""

from __future__ import annotations

from typing import ClassVar


class Coded:
    """Mixed into the SDK's own errors: `docs/errors.md` explains each code. A job's own errors have none."""

    code: ClassVar[str]


class FatalError(Exception):
    """A retry can't help: the input is wrong, or the world is. The attempt fails and is never retried.

    The message is what a person reads in the console: say what was found, where, and what to do.
    """


class RetryAfter(Exception):
    """The same attempt may succeed later: asks for a retry after at least `seconds`."""

    def __init__(self, seconds: float, message: str) -> None:
        if not 0 <= seconds <= 86_400:
            raise InvalidArgument(f"RetryAfter takes 0 to 86400 seconds (a day), not {seconds!r}")
        super().__init__(message)
        self.seconds = seconds


class ContractError(Coded, FatalError):
    """The input or the output breaks the job's schema, or the job is unknown: exit code 2."""

    code = "CONTRACT_BROKEN"


class InvalidArgument(Coded, ValueError):
    """The job's code passed a value that the SDK doesn't accept."""

    code = "INVALID_ARGUMENT"


class JobExited(Coded, RuntimeError):
    """The job ended its process instead of returning."""

    code = "JOB_EXITED"


class CheckpointError(Coded, FatalError):
    """The checkpoint belongs to a later attempt, or holds something of another kind."""

    code = "CHECKPOINT_MISUSE"


class Terminated(BaseException):
    """SIGTERM arrived. Not an `Exception`, so that a job's own `except Exception` doesn't swallow it."""
