"""Checkpoints: what a long job needs to go on where an earlier attempt stopped.

The state is written beside the current one, and then a pointer, `current.json`, is moved to it by a conditional put:
whoever reads finds a whole checkpoint, and an attempt that lives on after its successor started can't move it back.
Each try has two places of its own that it writes in turn, so that nothing needs to be deleted: a job's role may not.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millrace_job.digest import sha256_of
from millrace_job.errors import FatalError
from millrace_job.log import timestamp
from millrace_job.storage import ConditionFailed, ObjectForbidden, ObjectNotFound, ObjectStorage, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

READ_TRIES = 3


@dataclass(frozen=True)
class _Current:
    """The pointer as it was last read or written."""

    pointer: dict[str, Any]
    etag: str


class Checkpoint:
    """Saves and loads one state: bytes, or a small folder. `try_number` is (epoch, attempt, native attempt)."""

    def __init__(
        self, storage: ObjectStorage, prefix: str, try_number: Sequence[int], input_sha256: str, scratch: Path
    ) -> None:
        self._storage = storage
        self._prefix = prefix
        self._try = list(try_number)
        self._input_sha256 = input_sha256
        self._scratch = scratch
        self._saved = 0
        self._current: _Current | None = None
        self._known = False

    def save_bytes(self, data: bytes) -> None:
        """Makes `data` the checkpoint.

        Raises:
            FatalError: a later attempt has saved one; this attempt has been given up and should end.
        """
        self._save(data, "bytes")

    def save_directory(self, folder: Path) -> None:
        """Makes the content of a folder the checkpoint; raises as `save_bytes`."""
        archive = self._scratch / "checkpoint-out.tar"
        with tarfile.open(archive, "w") as tar:
            for path in sorted(folder.iterdir()):
                tar.add(path, arcname=path.name)
        self._save(archive, "directory")
        archive.unlink()

    def load_bytes(self) -> bytes | None:
        """The bytes last saved for this input, by this attempt or an earlier one; None when there are none."""
        path = self._load("bytes")
        return None if path is None else path.read_bytes()

    def load_directory(self, folder: Path) -> bool:
        """Unpacks the folder last saved for this input into `folder`; False when there is none."""
        path = self._load("directory")
        if path is None:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path) as tar:
            tar.extractall(folder, filter="data")
        return True

    def _save(self, body: bytes | Path, kind: str) -> None:
        if not self._known:
            self._read_current()
        self._refuse_when_superseded()
        uri = f"{self._prefix}{'.'.join(map(str, self._try))}-{'ab'[self._saved % 2]}"
        sha256 = sha256_of(body)
        self._storage.put(uri, body, media_type="application/octet-stream", sha256=sha256)
        self._point_to(
            {
                "version": 1,
                "uri": uri,
                "sha256": sha256,
                "kind": kind,
                "try": self._try,
                "inputSha256": self._input_sha256,
                "savedAt": timestamp(),
            }
        )
        self._saved += 1

    def _point_to(self, pointer: dict[str, Any]) -> None:
        while True:
            before = self._current
            try:
                stored = self._storage.put(
                    f"{self._prefix}current.json",
                    json.dumps(pointer, indent=2).encode(),
                    media_type="application/json",
                    if_none_match=before is None,
                    if_match=None if before is None else before.etag,
                )
            except ConditionFailed:
                self._read_current()
                self._refuse_when_superseded()
                continue
            self._current = _Current(pointer, stored.etag)
            return

    def _refuse_when_superseded(self) -> None:
        if self._current is not None and self._current.pointer["try"] > self._try:
            later = ".".join(map(str, self._current.pointer["try"]))
            raise FatalError(f"attempt {later} has saved a checkpoint: this earlier attempt has been given up")

    def _read_current(self) -> None:
        self._known = True
        try:
            data, stored = self._storage.read(f"{self._prefix}current.json")
        # S3 says "forbidden" of a missing object to a role that may not list the bucket.
        except (ObjectNotFound, ObjectForbidden):
            self._current = None
        else:
            self._current = _Current(json.loads(data), stored.etag)

    def _load(self, kind: str) -> Path | None:
        path = self._scratch / "checkpoint-in"
        for _ in range(READ_TRIES):
            self._read_current()
            # Another input is another computation, whose state would be silently wrong here.
            if self._current is None or self._current.pointer["inputSha256"] != self._input_sha256:
                return None
            pointer = self._current.pointer
            if pointer["kind"] != kind:
                raise FatalError(f"the checkpoint holds {pointer['kind']}, and the job asked for {kind}")
            with self._storage.open(pointer["uri"]) as stream, path.open("wb") as file:
                shutil.copyfileobj(stream, file)
            # An attempt that isn't quite dead may have saved twice meanwhile, over what the pointer named.
            if sha256_of(path) == pointer["sha256"]:
                return path
        raise StorageError(f"{self._prefix}current.json and what it names don't agree; the next attempt reads it again")
