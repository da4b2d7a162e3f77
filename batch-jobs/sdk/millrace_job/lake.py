"""Objects that outlast runs: data that a family of jobs keeps for others to read, under `lake/{family}/`.

Nothing there is ever overwritten or deleted, and no event is raised for it. Whoever writes several objects that belong
together puts what names them last, as a manifest: what no manifest names is no part of the lake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millrace_job.storage import ConditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from millrace_job.storage import ObjectStorage


class Lake:
    """The objects under one prefix. The job's role may write there only where `access.json` of its family says so."""

    def __init__(self, storage: ObjectStorage, prefix: str) -> None:
        self._storage = storage
        self._prefix = prefix

    def uri(self, name: str) -> str:
        """The URI of the object called `name`, or of the folder, if that ends in `/`."""
        return f"{self._prefix}{name}"

    def list(self, folder: str) -> Iterator[tuple[str, int]]:
        """Names within `folder`, which ends in `/`, and sizes in bytes, in any order, read page by page."""
        return self._storage.list(self.uri(folder))

    def read(self, name: str) -> bytes:
        """A small object whole.

        Raises:
            ObjectNotFound: there is none.
        """
        return self._storage.read(self.uri(name))[0]

    def add(self, name: str, body: bytes | Path, *, media_type: str, sha256: str | None = None) -> bool:
        """Writes an object that is not there yet; False when it is there, and stays as it is."""
        try:
            self._storage.put(self.uri(name), body, media_type=media_type, sha256=sha256, if_none_match=True)
        except ConditionFailed:
            return False
        return True
