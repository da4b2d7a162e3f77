"""Objects by URI: one interface, implemented for S3 (`s3_storage`) and for a local directory (`local_storage`).

A URI is `s3://bucket/key`, `file:///path` or a plain path. Only its prefix is removed. It isn't parsed as a URL and not
percent-decoded, because S3 keys may contain spaces, `+`, `%`, `#`, `?` and any other character.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from millrace_job.errors import Coded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

S3_PREFIX = "s3://"
FILE_PREFIX = "file://"


class StorageError(Coded, Exception):
    """An object could not be read or written; a retry may help."""

    code = "STORAGE_FAILED"


class ObjectNotFound(StorageError):
    """There is no such object, or no such version of it."""

    code = "OBJECT_NOT_FOUND"


class ObjectForbidden(StorageError):
    """Access was refused. If the role may not list the bucket, S3 answers the same for a missing object."""

    code = "OBJECT_FORBIDDEN"


class ConditionFailed(StorageError):
    """A conditional put was refused: the object exists already (`if_none_match`) or has changed (`if_match`)."""

    code = "CONDITION_FAILED"


@dataclass(frozen=True)
class StoredObject:
    """The storage's facts about an object. `etag` changes with every write. `version_id` is None without versioning."""

    bytes: int
    etag: str
    version_id: str | None = None


class ObjectStorage(Protocol):
    """Methods raise `ObjectNotFound`, `ObjectForbidden` or `ConditionFailed` if one applies, else `StorageError`."""

    def stat(self, uri: str, version_id: str | None = None) -> StoredObject:
        """Size, etag and version of an object, without reading it."""

    def open(self, uri: str, version_id: str | None = None) -> AbstractContextManager[BinaryIO]:
        """A stream of the object's bytes."""

    def read(self, uri: str) -> tuple[bytes, StoredObject]:
        """The whole content of a small object, and its etag for `put(if_match=…)`."""

    def read_range(self, uri: str, first: int, count: int, version_id: str | None = None) -> bytes:
        """`count` bytes (at least one) of the object, from offset `first` on; fewer at its end, none after it."""

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Objects below the prefix, which ends in `/`: the rest of each URI, and the size. They are unordered."""

    def put(
        self,
        uri: str,
        body: bytes | Path,
        *,
        media_type: str,
        sha256: str | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
    ) -> StoredObject:
        """Writes an object atomically: readers see the old one or the new one. The receiver checks `sha256` (hex)."""
