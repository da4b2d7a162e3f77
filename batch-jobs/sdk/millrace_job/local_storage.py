"""Objects as files of a local directory, for runs from a shell and for tests."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from millrace_job.digest import sha256_of
from millrace_job.storage import (
    FILE_PREFIX,
    ConditionFailed,
    ObjectForbidden,
    ObjectNotFound,
    StorageError,
    StoredObject,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# The name of a file until it is complete.
TEMPORARY = ".put-"


class LocalStorage:
    """Handles `file:///path` and plain paths, without percent-decoding, as for `s3://`. It keeps no versions."""

    def stat(self, uri: str, version_id: str | None = None) -> StoredObject:
        path = _path(uri)
        with _faults(uri):
            if path.is_dir():
                raise ObjectNotFound(f"{uri} is a folder, not a file")
            return StoredObject(bytes=path.stat().st_size, etag=_etag(path))

    @contextmanager
    def open(self, uri: str, version_id: str | None = None) -> Iterator[BinaryIO]:
        with _faults(uri):
            stream = _path(uri).open("rb")
        with stream:
            yield stream

    def read(self, uri: str) -> tuple[bytes, StoredObject]:
        path = _path(uri)
        with _faults(uri), path.open("rb") as stream:
            data = stream.read()
            return data, StoredObject(bytes=len(data), etag=_etag(stream.fileno()))

    def read_range(self, uri: str, first: int, count: int, version_id: str | None = None) -> bytes:
        with _faults(uri), _path(uri).open("rb") as stream:
            stream.seek(first)
            return stream.read(count)

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        top = _path(prefix)
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                if not name.startswith(TEMPORARY):
                    yield path.relative_to(top).as_posix(), path.stat().st_size

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
        if sha256 is not None and sha256_of(body) != sha256:
            raise StorageError(f"{uri}: the content isn't what its SHA-256 says")
        path = _path(uri)
        with _faults(uri):
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=TEMPORARY, delete=False) as beside:
                temporary = Path(beside.name)
            try:
                _copy(body, temporary)
                if if_none_match:
                    _link(temporary, path, uri)
                elif if_match is not None:
                    _swap(temporary, path, if_match, uri)
                else:
                    temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            return self.stat(uri)


def _path(uri: str) -> Path:
    return Path(uri.removeprefix(FILE_PREFIX))


def _etag(file: Path | int) -> str:
    # Every put makes a new file, so that inode and times distinguish one content from the next.
    status = os.fstat(file) if isinstance(file, int) else file.stat()
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"


def _copy(body: bytes | Path, to: Path) -> None:
    if isinstance(body, bytes):
        to.write_bytes(body)
    else:
        import shutil

        shutil.copyfile(body, to)


def _link(temporary: Path, path: Path, uri: str) -> None:
    # A hard link is created or refused atomically, so one of two writers wins.
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise ConditionFailed(f"{uri} exists already") from None


def _swap(temporary: Path, path: Path, etag: str, uri: str) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not path.exists() or _etag(path) != etag:
            raise ConditionFailed(f"{uri} has changed since it was read")
        temporary.replace(path)
    finally:
        os.close(folder)


@contextmanager
def _faults(uri: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise ObjectNotFound(f"{uri}: there is no such file") from None
    except IsADirectoryError:
        raise ObjectNotFound(f"{uri} is a folder, not a file") from None
    except PermissionError as error:
        raise ObjectForbidden(f"{uri}: {error.strerror}") from error
    except OSError as error:
        raise StorageError(f"{uri}: {error}") from error
