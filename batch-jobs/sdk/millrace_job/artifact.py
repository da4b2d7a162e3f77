"""Artifacts: the files that jobs make, each with its exact version and checksum."""

from __future__ import annotations

import hashlib
import io
import shutil
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, NotRequired, TypedDict

from millrace_job.digest import sha256_of
from millrace_job.errors import InvalidArgument
from millrace_job.storage import FILE_PREFIX, S3_PREFIX, ObjectStorage, StorageError, StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# S3 needs some tens of milliseconds before it answers, so reading small ranges would mostly be waiting.
RANGE_BYTES = 8 * 1024 * 1024


class Artifact(TypedDict):
    """An object that a step made: where it is, its SHA-256 (hex), its size in bytes and its media type."""

    uri: str
    versionId: NotRequired[str]
    sha256: str
    bytes: int
    mediaType: str


class ObjectReference(TypedDict):
    """An object that another system made. It has no checksum, and only sometimes a version."""

    uri: str
    versionId: NotRequired[str]


class DigestMismatch(StorageError):
    """The content doesn't have the artifact's SHA-256. A retry reads it again."""

    code = "DIGEST_MISMATCH"


# The same name must give the same type everywhere. Python's own table depends on files of the host (/etc/mime.types).
MEDIA_TYPES: Mapping[str, str] = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
    ".zip": "application/zip",
}


def media_type_of(name: str) -> str:
    """The media type by the name's ending; `application/octet-stream` for an unknown ending."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def base_name(uri: str) -> str:
    """The last part of a URI's path, without decoding: `model.joblib` for `s3://bucket/a/model.joblib`."""
    return uri.rpartition("/")[2]


class Artifacts:
    """Reads any object and writes this attempt's artifacts."""

    def __init__(self, storage: ObjectStorage, prefix: str, scratch: Path) -> None:
        self._storage = storage
        self._prefix = prefix
        self._scratch = scratch
        self.written: list[Artifact] = []

    def stat(self, source: Artifact | ObjectReference | str) -> StoredObject:
        """Size, etag and version of an object, without reading it.

        Raises:
            ObjectNotFound: there is no such object.
            ObjectForbidden: the job's role may not read the object, or it doesn't exist.
        """
        uri, version_id, _ = _parts(source)
        return self._storage.stat(uri, version_id)

    @contextmanager
    def open(self, source: Artifact | ObjectReference | str) -> Iterator[BinaryIO]:
        """A stream of the object. Its checksum isn't checked, because the reader may stop early. `fetch` checks it."""
        uri, version_id, _ = _parts(source)
        with self._storage.open(uri, version_id) as stream:
            yield stream

    def open_seekable(self, source: Artifact | ObjectReference | str) -> BinaryIO:
        """A seekable file over the object as it is now, for readers that jump to places, such as a zip's directory.

        It reads ranges of `RANGE_BYTES` and keeps one of them in memory; it never downloads the whole object. If an
        object without versions is replaced meanwhile, some ranges are of the old object and some of the new one. So
        check the content.
        """
        from millrace_job.range_reader import RangeReader

        uri, version_id, _ = _parts(source)
        found = self._storage.stat(uri, version_id)
        pinned = version_id if version_id is not None else found.version_id
        reader = RangeReader(found.bytes, lambda first, count: self._storage.read_range(uri, first, count, pinned))
        return io.BufferedReader(reader, RANGE_BYTES)

    def fetch(self, source: Artifact | ObjectReference | str) -> Path:
        """Downloads an object and returns its local path. The file is removed at the end of the attempt.

        Raises:
            DigestMismatch: the content doesn't have the artifact's SHA-256.
            ObjectNotFound: there is no such object.
        """
        uri, version_id, sha256 = _parts(source)
        if not uri.startswith(S3_PREFIX):
            path = Path(uri.removeprefix(FILE_PREFIX))
            self._storage.stat(uri)
            _check(uri, sha256, sha256_of(path) if sha256 else None)
            return path
        # Each object gets a folder. So the file keeps its name, and two objects with the same name don't collide.
        folder = self._scratch / "fetched" / hashlib.sha256(f"{uri}\n{version_id}".encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        # The last part of a key may not be a possible file name, or may be too long for one.
        name = base_name(uri).replace("\0", "_").encode()[-200:].decode(errors="ignore")
        path = folder / (name if name not in ("", ".", "..") else "object")
        with self._storage.open(uri, version_id) as stream, path.open("wb") as file:
            shutil.copyfileobj(stream, file, 1024 * 1024)
        _check(uri, sha256, sha256_of(path) if sha256 else None)
        return path

    def write_file(self, name: str, path: Path, media_type: str | None = None) -> Artifact:
        """Stores a local file as the artifact `name` of this attempt, such as `plots/loss.png`.

        Raises:
            ValueError: the name is taken, or isn't valid for an artifact.
        """
        return self._write(name, path, path.stat().st_size, media_type)

    def write_bytes(self, name: str, data: bytes, media_type: str | None = None) -> Artifact:
        """Stores bytes as the artifact `name` of this attempt; raises as `write_file`."""
        return self._write(name, data, len(data), media_type)

    def write_text(self, name: str, text: str, media_type: str | None = None) -> Artifact:
        """Stores text, as UTF-8, as the artifact `name` of this attempt; raises as `write_file`."""
        return self.write_bytes(name, text.encode(), media_type)

    def _write(self, name: str, body: bytes | Path, size: int, media_type: str | None) -> Artifact:
        _check_name(name)
        uri = f"{self._prefix}{name}"
        if any(artifact["uri"] == uri for artifact in self.written):
            raise InvalidArgument(f"this attempt has written the artifact {name!r} already; choose another name")
        media_type = media_type or media_type_of(name)
        sha256 = sha256_of(body)
        stored = self._storage.put(uri, body, media_type=media_type, sha256=sha256)
        artifact: Artifact = {"uri": uri, "sha256": sha256, "bytes": size, "mediaType": media_type}
        if stored.version_id is not None:
            artifact["versionId"] = stored.version_id
        self.written.append(artifact)
        return artifact


def _parts(source: Artifact | ObjectReference | str) -> tuple[str, str | None, str | None]:
    if isinstance(source, str):
        return source, None, None
    sha256 = source.get("sha256")
    return source["uri"], source.get("versionId"), sha256 if isinstance(sha256, str) else None


def _check(uri: str, expected: str | None, found: str | None) -> None:
    if expected is not None and found != expected:
        raise DigestMismatch(f"{uri} has SHA-256 {found}, not {expected}: it changed since the artifact was made")


def _check_name(name: str) -> None:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\0" in name:
        raise InvalidArgument(f"{name!r} can't be an artifact's name: give a relative path such as plots/loss.png")
    if name.startswith("_"):
        raise InvalidArgument(f"{name!r} can't be an artifact's name: names that start with _ belong to Millrace")
