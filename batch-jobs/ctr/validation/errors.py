"""What is raised for a file that is not to be trained on."""

from __future__ import annotations

from millrace_job import FatalError

REMEDY = "Correct the file and drop it again."


class InvalidData(FatalError):
    """The file is wrong. The message names the file, the column and the line where there is one, and the remedy."""
