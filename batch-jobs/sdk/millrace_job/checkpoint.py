"""Checkpoints: what a long job needs to go on where an earlier attempt stopped.

The state is written beside the current one, and then a pointer, `current.json`, is moved to it by a conditional put:
whoever reads finds a whole checkpoint, and an attempt that lives on after its successor started can't move it back.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millrace_job.digest import sha256_of
from millrace_job.errors import FatalError
from millrace_job.log import timestamp
from millrace_job.storage import ConditionFailed, ObjectNotFound, ObjectStorage, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self._read = False

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

    def clear(self) -> None:
        """Forgets what this attempt saved, once its result is committed. A job has no need to call it."""
        if self._saved and self._current is not None:
            self._storage.delete(f"{self._prefix}current.json")
            self._storage.delete(self._current.pointer["uri"])
            self._current = None

    def _save(self, body: bytes | Path, kind: str) -> None:
        if not self._read:
            self._read_current()
        self._saved += 1
        uri = f"{self._prefix}{'.'.join(map(str, self._try))}-{self._saved}"
        sha256 = sha256_of(body)
        self._storage.put(uri, body, media_type="application/octet-stream", sha256=sha256)
        pointer = {
            "version": 1,
            "uri": uri,
            "sha256": sha256,
            "kind": kind,
            "try": self._try,
            "inputSha256": self._input_sha256,
            "savedAt": timestamp(),
        }
        before = self._point_to(pointer)
        if before is not None and before["uri"] != uri:
            self._storage.delete(before["uri"])

    def _point_to(self, pointer: dict[str, Any]) -> dict[str, Any] | None:
        """Moves the pointer and returns the one before."""
        body = json.dumps(pointer, indent=2).encode()
        while True:
            before = self._current
            if before is not None and before.pointer["try"] > self._try:
                self._storage.delete(pointer["uri"])
                later = ".".join(map(str, before.pointer["try"]))
                raise FatalError(f"attempt {later} has saved a checkpoint: this earlier attempt has been given up")
            try:
                stored = self._storage.put(
                    f"{self._prefix}current.json",
                    body,
                    media_type="application/json",
                    if_none_match=before is None,
                    if_match=None if before is None else before.etag,
                )
            except ConditionFailed:
                self._read_current()
                continue
            self._current = _Current(pointer, stored.etag)
            return None if before is None else before.pointer

    def _read_current(self) -> None:
        self._read = True
        try:
            data, stored = self._storage.read(f"{self._prefix}current.json")
        except ObjectNotFound:
            self._current = None
        else:
            self._current = _Current(json.loads(data), stored.etag)

    def _load(self, kind: str) -> Path | None:
        for _ in range(READ_TRIES):
            self._read_current()
            # Another input is another computation, whose state would be silently wrong here.
            if self._current is None or self._current.pointer["inputSha256"] != self._input_sha256:
                return None
            pointer = self._current.pointer
            if pointer["kind"] != kind:
                raise FatalError(f"the checkpoint holds {pointer['kind']}, and the job asked for {kind}")
            path = self._scratch / "checkpoint-in"
            try:
                with self._storage.open(pointer["uri"]) as stream, path.open("wb") as file:
                    while piece := stream.read(1024 * 1024):
                        file.write(piece)
            except ObjectNotFound:
                continue  # An attempt that isn't quite dead has just moved the pointer on: read it again.
            if sha256_of(path) != pointer["sha256"]:
                raise StorageError(f"{pointer['uri']} isn't what current.json says; the next attempt reads it again")
            return path
        return None
