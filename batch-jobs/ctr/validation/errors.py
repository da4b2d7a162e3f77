"""The error for a file that must not be used for training."""

from __future__ import annotations

from millrace_job import FatalError

REMEDY = "Correct the file and drop it again."


class InvalidData(FatalError):
    """The file is wrong. The message names the file, the column, the line if there is one, and what to do."""
