"""Objects in S3."""

from __future__ import annotations

import base64
import contextlib
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from millrace_job.aws_client import aws_client
from millrace_job.storage import (
    S3_PREFIX,
    ConditionFailed,
    ObjectForbidden,
    ObjectNotFound,
    StorageError,
    StoredObject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

# One PutObject takes at most 5 GiB. Objects of this size or more are uploaded in parts, several at a time, each with
# its own retries.
MULTIPART_BYTES = 64 * 1024 * 1024
# S3 answers 409 if two conditional writes to one key overlap. A moment later, it is decided which one won.
CONFLICT_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
# Pauses after a broken connection. If S3 can't be reached for longer, the next request has retries of its own.
RESUME_PAUSES = (0.1, 0.5, 1, 2, 4)
SKIP_BYTES = 1024 * 1024


def s3_client() -> S3Client:
    """A client of S3, as `aws_client` makes it."""
    return cast("S3Client", aws_client("s3"))


class S3Storage:
    """Handles `s3://bucket/key`. The key isn't decoded."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def stat(self, uri: str, version_id: str | None = None) -> StoredObject:
        with _faults(uri, version_id):
            found = self._client.head_object(**_target(uri, version_id))
        return StoredObject(found["ContentLength"], found["ETag"], found.get("VersionId"))

    @contextmanager
    def open(self, uri: str, version_id: str | None = None) -> Iterator[BinaryIO]:
        with contextlib.closing(_Body(self._client, uri, version_id)) as body:
            yield cast("BinaryIO", body)

    def read(self, uri: str) -> tuple[bytes, StoredObject]:
        with contextlib.closing(_Body(self._client, uri)) as body:
            data = body.read()
            return data, StoredObject(len(data), body.found["ETag"], body.found.get("VersionId"))

    def read_range(self, uri: str, first: int, count: int, version_id: str | None = None) -> bytes:
        try:
            with contextlib.closing(_Body(self._client, uri, version_id, first, first + count)) as body:
                return body.read(count)
        except _BehindEnd:
            return b""

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        bucket, start = split_s3_uri(prefix)
        # A page has at most 1,000 objects, and a token for the next page.
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start))
        while True:
            with _faults(prefix):
                page = next(pages, None)
            if page is None:
                return
            for found in page.get("Contents", []):
                yield found["Key"][len(start) :], found["Size"]

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
        request = {**_target(uri), "ContentType": media_type}
        if if_none_match:
            request["IfNoneMatch"] = "*"
        elif if_match is not None:
            request["IfMatch"] = if_match
        elif isinstance(body, Path) and body.stat().st_size > MULTIPART_BYTES:
            return self._put_in_parts(uri, body, media_type)
        if sha256 is not None:
            request["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        for pause in (*CONFLICT_PAUSES, None):
            try:
                return self._put_once(uri, body, request)
            except _Conflict as conflict:
                if pause is None:
                    raise StorageError(f"{uri}: S3 kept reporting a conflicting write") from conflict
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _put_once(self, uri: str, body: bytes | Path, request: dict[str, Any]) -> StoredObject:
        with _faults(uri):
            if isinstance(body, bytes):
                stored = self._client.put_object(**request, Body=body)
                size = len(body)
            else:
                with body.open("rb") as stream:
                    stored = self._client.put_object(**request, Body=stream)
                size = body.stat().st_size
        return StoredObject(size, stored["ETag"], stored.get("VersionId"))

    def _put_in_parts(self, uri: str, path: Path, media_type: str) -> StoredObject:
        from s3transfer.manager import TransferConfig, TransferManager

        bucket, key = split_s3_uri(uri)
        config = TransferConfig(multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES)
        extra = {"ContentType": media_type, "ChecksumAlgorithm": "SHA256"}
        with _faults(uri), TransferManager(self._client, config) as manager:
            manager.upload(str(path), bucket, key, extra_args=extra).result()
        return self.stat(uri)


class _Conflict(Exception):
    """S3's 409 ConditionalRequestConflict."""


class _Broken(StorageError):
    """The connection broke or timed out while an object was read."""


class _BehindEnd(Exception):
    """S3's 416: the range begins after the object's end."""


class _Body:
    """The bytes of an object from `first` up to `end`. After a broken connection, reading resumes.

    botocore retries requests, but not reading their answers.
    """

    def __init__(
        self, client: S3Client, uri: str, version_id: str | None = None, first: int = 0, end: int | None = None
    ) -> None:
        self._client = client
        self._uri = uri
        self._version_id = version_id
        self._next = first
        self._end = end
        self.found = self._get()

    def read(self, size: int = -1) -> bytes:
        data = self._read_some(size)
        # If a connection breaks, the first read returns only the bytes that had arrived.
        while 0 < len(data) < size and (more := self._read_some(size - len(data))):
            data += more
        return data

    def _read_some(self, size: int) -> bytes:
        for pause in RESUME_PAUSES:
            try:
                return self._take(size)
            except _Broken:
                time.sleep(pause)
            self.close()
            # If the object was replaced meanwhile, the rest would belong to another object.
            self.found = self._get(IfMatch=self.found["ETag"])
        return self._take(size)

    def _take(self, size: int) -> bytes:
        from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

        with _faults(self._uri, self._version_id):
            try:
                data = bytes(self.found["Body"].read(None if size < 0 else size))
            except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError) as error:
                raise _Broken(f"{self._uri}: {error}") from error
        self._next += len(data)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.found["Body"].close()

    def _get(self, **request: Any) -> GetObjectOutputTypeDef:
        is_part = self._next > 0 or self._end is not None
        if is_part:
            request["Range"] = f"bytes={self._next}-{'' if self._end is None else self._end - 1}"
        with _faults(self._uri, self._version_id):
            found = self._client.get_object(**_target(self._uri, self._version_id), **request)
            # A server may answer with the whole object (RFC 9110, 14.2), as MiniStack does for a version.
            if is_part and "ContentRange" not in found:
                _skip(found["Body"], self._next)
            return found


def _skip(body: StreamingBody, count: int) -> None:
    while count > 0 and (skipped := len(body.read(min(count, SKIP_BYTES)))):
        count -= skipped


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`. The key isn't decoded.

    Raises:
        StorageError: the URI has no bucket or no key.
    """
    bucket, _, key = uri.removeprefix(S3_PREFIX).partition("/")
    if not uri.startswith(S3_PREFIX) or not bucket or not key:
        raise StorageError(f"{uri!r} is not of the form s3://bucket/key")
    return bucket, key


def _target(uri: str, version_id: str | None = None) -> Any:
    bucket, key = split_s3_uri(uri)
    target = {"Bucket": bucket, "Key": key}
    return target if version_id is None else {**target, "VersionId": version_id}


@contextmanager
def _faults(uri: str, version_id: str | None = None) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    what = uri if version_id is None else f"{uri} (version {version_id})"
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "ConditionalRequestConflict" or status == 409:
            raise _Conflict(what) from error
        if code in ("PreconditionFailed", "412") or status == 412:
            raise ConditionFailed(f"{what} exists already or has changed") from error
        if code in ("NoSuchKey", "NoSuchVersion", "NoSuchBucket", "404") or status == 404:
            raise ObjectNotFound(f"{what}: there is no such object") from error
        if status == 416:
            raise _BehindEnd(what) from error
        if status == 403:
            raise ObjectForbidden(f"{what}: access is refused, or there is no such object") from error
        raise StorageError(f"{what}: {error}") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise StorageError(f"{what}: {error}") from error
