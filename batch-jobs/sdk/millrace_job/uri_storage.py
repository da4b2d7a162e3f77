"""The storage of any URI: S3, or a local directory."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from millrace_job.storage import S3_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from millrace_job.storage import ObjectStorage, StoredObject


class UriStorage:
    """Chooses the storage by the URI's prefix. Creating the S3 client is slow, so the first `s3://` URI creates it."""

    def stat(self, uri: str, version_id: str | None = None) -> StoredObject:
        return self._storage(uri).stat(uri, version_id)

    def open(self, uri: str, version_id: str | None = None) -> AbstractContextManager[BinaryIO]:
        return self._storage(uri).open(uri, version_id)

    def read(self, uri: str) -> tuple[bytes, StoredObject]:
        return self._storage(uri).read(uri)

    def read_range(self, uri: str, first: int, count: int, version_id: str | None = None) -> bytes:
        return self._storage(uri).read_range(uri, first, count, version_id)

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        return self._storage(prefix).list(prefix)

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
        return self._storage(uri).put(
            uri,
            body,
            media_type=media_type,
            sha256=sha256,
            if_none_match=if_none_match,
            if_match=if_match,
        )

    def _storage(self, uri: str) -> ObjectStorage:
        return self._s3 if uri.startswith(S3_PREFIX) else self._local

    @cached_property
    def _s3(self) -> ObjectStorage:
        from millrace_job.s3_storage import S3Storage, s3_client

        return S3Storage(s3_client())

    @cached_property
    def _local(self) -> ObjectStorage:
        from millrace_job.local_storage import LocalStorage

        return LocalStorage()
