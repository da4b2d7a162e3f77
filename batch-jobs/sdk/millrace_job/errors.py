"""The errors that a job can raise, and the effect of each on retries."""

from __future__ import annotations

from typing import ClassVar


class Coded:
    """A mixin of the SDK's own errors. `docs/errors.md` explains each code. A job's own errors have no code."""

    code: ClassVar[str]


class FatalError(Exception):
    """A retry can't help, for example because the input is wrong. The step fails at once, without a retry.

    A person reads the message on the run's screen. It should say what was found, where, and what to do.
    """


class RetryAfter(Exception):
    """The work may succeed later. Asks for a retry after at least `seconds`."""

    def __init__(self, seconds: float, message: str) -> None:
        if not 0 <= seconds <= 86_400:
            raise InvalidArgument(f"RetryAfter takes 0 to 86400 seconds (a day), not {seconds!r}")
        super().__init__(message)
        self.seconds = seconds


class ContractError(Coded, FatalError):
    """The input or the output doesn't match the job's schema, or the job is unknown. The exit code is 2."""

    code = "CONTRACT_BROKEN"


class InvalidArgument(Coded, ValueError):
    """The job's code passed a value that the SDK doesn't accept."""

    code = "INVALID_ARGUMENT"


class JobExited(Coded, RuntimeError):
    """The job ended its process instead of returning."""

    code = "JOB_EXITED"


class CheckpointError(Coded, FatalError):
    """The checkpoint belongs to a later attempt, or has another kind than the job asked for."""

    code = "CHECKPOINT_MISUSE"


class Terminated(BaseException):
    """SIGTERM arrived. It isn't an `Exception`, so that a job's own `except Exception` doesn't catch it."""
