"""Checkpoints: the state from which a long job resumes after an earlier attempt was stopped.

A new state is written next to the current one. Then a conditional put moves a pointer, `current.json`, to it. So a
reader always finds a whole checkpoint, and an attempt that goes on after its successor started can't move the pointer
back. The pointer also names the checkpoint before, in case the newest can't be used. Each try has three places, which
it writes in turn: two are kept while the third is written. So nothing has to be deleted, which a job's role may not do.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millrace_job.digest import sha256_of
from millrace_job.errors import CheckpointError
from millrace_job.log import timestamp
from millrace_job.storage import ConditionFailed, ObjectForbidden, ObjectNotFound, ObjectStorage, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from millrace_job.log import Log

READ_TRIES = 3
PLACES = "abc"


@dataclass(frozen=True)
class _Current:
    """The pointer as it was last read or written, and its checkpoints that can be used, newest first."""

    last_try: list[int]
    kept: list[dict[str, Any]]
    etag: str


class _Damaged(Exception):
    """The checkpoint that the pointer names is missing or damaged."""


class Checkpoint:
    """Saves and loads one state: bytes or a small folder. `try_number` is (epoch, attempt, native attempt)."""

    def __init__(
        self,
        storage: ObjectStorage,
        prefix: str,
        try_number: Sequence[int],
        input_sha256: str,
        scratch: Path,
        log: Log | None = None,
    ) -> None:
        self._storage = storage
        self._prefix = prefix
        self._try = list(try_number)
        self._input_sha256 = input_sha256
        self._scratch = scratch
        self._log = log
        self._saved = 0
        self._current: _Current | None = None
        self._known = False

    def save_bytes(self, data: bytes) -> None:
        """Makes `data` the checkpoint.

        Raises:
            CheckpointError: a later attempt has saved a checkpoint. This attempt has been given up and should end.
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

    def load_bytes(self, usable: Callable[[bytes], bool] = lambda _: True) -> bytes | None:
        """The bytes that this attempt or an earlier one saved last for this input; None if there are none.

        If the newest checkpoint is damaged or not `usable`, a warning is logged and the one before is used.
        """
        path = self._load("bytes", lambda path: usable(path.read_bytes()))
        return None if path is None else path.read_bytes()

    def load_directory(self, folder: Path) -> bool:
        """Unpacks the folder that was saved last for this input into `folder`; False if there is none.

        If the newest checkpoint is damaged, a warning is logged and the one before is used.
        """
        path = self._load("directory", lambda _: True)
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
        uri = f"{self._prefix}{'.'.join(map(str, self._try))}-{PLACES[self._saved % len(PLACES)]}"
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

    def _point_to(self, newest: dict[str, Any]) -> None:
        while True:
            before = self._current
            kept = [newest, *(before.kept[:1] if before is not None else [])]
            pointer = {**newest, "previous": kept[1] if len(kept) > 1 else None}
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
            self._current = _Current(newest["try"], kept, stored.etag)
            return

    def _refuse_when_superseded(self) -> None:
        if self._current is not None and self._current.last_try > self._try:
            later = ".".join(map(str, self._current.last_try))
            raise CheckpointError(f"attempt {later} has saved a checkpoint: this earlier attempt has been given up")

    def _read_current(self) -> None:
        self._known = True
        try:
            data, stored = self._storage.read(f"{self._prefix}current.json")
        # If a role may not list the bucket, S3 answers "forbidden" for a missing object.
        except (ObjectNotFound, ObjectForbidden):
            self._current = None
        else:
            newest = json.loads(data)
            previous = newest.pop("previous", None)
            kept = [newest] if previous is None else [newest, previous]
            self._current = _Current(newest["try"], kept, stored.etag)

    def _load(self, kind: str, usable: Callable[[Path], bool]) -> Path | None:
        for _ in range(READ_TRIES):
            self._read_current()
            if self._current is None:
                return None
            etag = self._current.etag
            # Another input means another computation. Its state would silently give a wrong result here.
            entries = [each for each in self._current.kept if each["inputSha256"] == self._input_sha256]
            if not entries:
                return None
            for entry in entries:
                if entry["kind"] != kind:
                    raise CheckpointError(f"the checkpoint holds {entry['kind']}, and the job asked for {kind}")
                try:
                    path = self._fetch(entry)
                    if usable(path):
                        return path
                    reason = "this job can't use it"
                except _Damaged as error:
                    reason = str(error)
                self._current.kept.remove(entry)
                self._warn(entry, reason)
            # An earlier attempt that still runs may have overwritten a checkpoint that the pointer named.
            refused = self._current
            self._read_current()
            if self._current is not None and self._current.etag == etag:
                self._current = refused
                return None
        raise StorageError(f"{self._prefix}current.json changes as fast as it is read: another attempt is at work")

    def _fetch(self, entry: dict[str, Any]) -> Path:
        path = self._scratch / "checkpoint-in"
        try:
            with self._storage.open(entry["uri"]) as stream, path.open("wb") as file:
                shutil.copyfileobj(stream, file)
        # ConditionFailed: the connection broke, and the object was replaced before the rest could be read.
        except (ObjectNotFound, ObjectForbidden, ConditionFailed) as error:
            raise _Damaged(str(error)) from error
        if sha256_of(path) != entry["sha256"]:
            raise _Damaged("its content isn't what was saved")
        return path

    def _warn(self, entry: dict[str, Any], reason: str) -> None:
        if self._log is not None:
            self._log.warning("a checkpoint was left", checkpoint=entry["uri"], savedAt=entry["savedAt"], reason=reason)
