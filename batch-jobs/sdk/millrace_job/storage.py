"""Objects by URI: one interface, with S3 (`s3_storage`) and a local directory (`local_storage`) behind it.

A URI is `s3://bucket/key`, `file:///path` or a plain path. It is cut at its prefix and never parsed as a URL, nor
percent-decoded: S3 keys may hold spaces, `+`, `%`, `#`, `?` and any other character.
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
    """Access was refused. S3 says so of a missing object too, when the role may not list the bucket."""

    code = "OBJECT_FORBIDDEN"


class ConditionFailed(StorageError):
    """A conditional put lost: the object exists already (`if_none_match`) or has changed (`if_match`)."""

    code = "CONDITION_FAILED"


@dataclass(frozen=True)
class StoredObject:
    """What storage knows of an object. `etag` changes with every write; `version_id` is None without versioning."""

    bytes: int
    etag: str
    version_id: str | None = None


class ObjectStorage(Protocol):
    """Raises `ObjectNotFound`, `ObjectForbidden` or `ConditionFailed` where they apply, else `StorageError`."""

    def stat(self, uri: str, version_id: str | None = None) -> StoredObject:
        """Size, etag and version of an object, without reading it."""

    def open(self, uri: str, version_id: str | None = None) -> AbstractContextManager[BinaryIO]:
        """A stream of the object's bytes."""

    def read(self, uri: str) -> tuple[bytes, StoredObject]:
        """A small object whole, with the etag that `put(if_match=…)` takes."""

    def read_range(self, uri: str, first: int, count: int, version_id: str | None = None) -> bytes:
        """`count` bytes (at least one) of the object, the first at offset `first`; fewer at its end, none behind it."""

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Objects whose URIs begin with the prefix, which ends in `/`: what follows it, and the size, in any order."""

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
        """Writes an object whole: readers see the old one or the new one. `sha256` (hex) is checked on arrival."""
