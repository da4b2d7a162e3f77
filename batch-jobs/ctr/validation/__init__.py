"""Checks a file of click-through rows before anything is trained on it: the job `ctr.validate`."""

from ctr.validation.job import validate

__all__ = ["validate"]
