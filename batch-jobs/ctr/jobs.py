"""The jobs of ctr-training."""

from __future__ import annotations

from typing import Any

from millrace_job import Context, job


@job("ctr.train")
def train(input: dict[str, Any], context: Context) -> dict[str, Any]:
    """Fits a logistic regression on hashed features in one pass, and tests it on the newest rows."""
    raise NotImplementedError


@job("ctr.evaluate")
def evaluate(input: dict[str, Any], context: Context) -> dict[str, Any]:
    """Scores a model, and the champion beside it where there is one, on the same newest rows."""
    raise NotImplementedError
