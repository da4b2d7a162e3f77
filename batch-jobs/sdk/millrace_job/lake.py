"""Objects that outlast runs. A job family keeps them under `lake/{family}/`, for others to read.

They are never overwritten or deleted, and raise no events. If several objects belong together, write a manifest that
names them last. An object that no manifest names isn't part of the lake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millrace_job.storage import ConditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from millrace_job.storage import ObjectStorage


class Lake:
    """The objects under one prefix. The job's role may write there only if its family's `access.json` says so."""

    def __init__(self, storage: ObjectStorage, prefix: str) -> None:
        self._storage = storage
        self._prefix = prefix

    def uri(self, name: str) -> str:
        """The URI of the object `name`, or of the folder `name` if it ends in `/`."""
        return f"{self._prefix}{name}"

    def list(self, folder: str) -> Iterator[tuple[str, int]]:
        """Names and sizes (bytes) of the objects in `folder`, which ends in `/`. Reads page by page, unordered."""
        return self._storage.list(self.uri(folder))

    def read(self, name: str) -> bytes:
        """The whole content of a small object.

        Raises:
            ObjectNotFound: there is no such object.
        """
        return self._storage.read(self.uri(name))[0]

    def add(self, name: str, body: bytes | Path, *, media_type: str, sha256: str | None = None) -> bool:
        """Writes an object if it doesn't exist. Otherwise leaves it as it is and returns False."""
        try:
            self._storage.put(self.uri(name), body, media_type=media_type, sha256=sha256, if_none_match=True)
        except ConditionFailed:
            return False
        return True
