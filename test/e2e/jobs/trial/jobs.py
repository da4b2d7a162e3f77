from __future__ import annotations

import time
from typing import TypedDict

from millrace_job import Context, FatalError, job


class WorkInput(TypedDict):
    value: float
    seconds: float
    succeedsInEpoch: int


class WorkOutput(TypedDict):
    value: float
    attempt: int


@job("trial.work")
def work(input: WorkInput, context: Context) -> WorkOutput:
    """Takes its time and gives its value back, or fails for good in the epochs before it was mended."""
    time.sleep(input["seconds"])
    if context.epoch < input["succeedsInEpoch"]:
        raise FatalError(f"broken until epoch {input['succeedsInEpoch']}")
    return {"value": input["value"], "attempt": context.attempt}


class NimbleInput(TypedDict):
    value: float
    seconds: float


@job("trial.nimble")
def nimble(input: NimbleInput, context: Context) -> WorkOutput:
    """Takes its time and gives its value back."""
    time.sleep(input["seconds"])
    return {"value": input["value"], "attempt": context.attempt}
