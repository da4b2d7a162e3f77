from __future__ import annotations

import io
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest

from millrace_job.checkpoint import Checkpoint
from millrace_job.errors import FatalError
from millrace_job.local_storage import LocalStorage
from millrace_job.log import Log
from millrace_job.storage import ConditionFailed, ObjectStorage, StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bucket
    from millrace_job.s3_storage import S3Storage


@pytest.fixture(params=["local", "s3"])
def attempt(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Checkpoint]:
    """Makes the checkpoint as one attempt sees it."""
    storage: ObjectStorage = LocalStorage()
    prefix = f"{tmp_path}/step/0/_checkpoint/"
    if request.param == "s3":
        bucket: Bucket = request.getfixturevalue("bucket")
        s3: S3Storage = request.getfixturevalue("s3")
        storage, prefix = s3, f"{bucket.uri}step/0/_checkpoint/"

    def make(*number: int, job_input: str = "same", wrapped: ObjectStorage = storage) -> Checkpoint:
        return Checkpoint(wrapped, prefix, number, job_input, tmp_path)

    return make


def test_the_next_attempt_continues_from_the_last_save(attempt: Callable[..., Checkpoint]) -> None:
    first = attempt(1, 1, 1)
    assert first.load_bytes() is None
    for step in range(5):
        first.save_bytes(b"step %d" % step)
    second = attempt(1, 2, 1)
    assert second.load_bytes() == b"step 4"
    second.save_bytes(b"step 5")
    assert attempt(2, 1, 1).load_bytes() == b"step 5"


def test_a_folder_comes_back_as_it_was(attempt: Callable[..., Checkpoint], tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "optimizer").mkdir(parents=True)
    (state / "optimizer" / "a.bin").write_bytes(b"\0\1")
    (state / "step.txt").write_text("7")
    attempt(1, 1, 1).save_directory(state)
    assert attempt(1, 1, 2).load_directory(tmp_path / "resumed")
    assert (tmp_path / "resumed" / "optimizer" / "a.bin").read_bytes() == b"\0\1"
    assert (tmp_path / "resumed" / "step.txt").read_text() == "7"


def test_an_attempt_that_lives_on_cannot_take_the_checkpoint_back(attempt: Callable[..., Checkpoint]) -> None:
    old, new = attempt(1, 1, 1), attempt(1, 2, 1)
    old.save_bytes(b"old 1")
    assert new.load_bytes() == b"old 1"
    new.save_bytes(b"new 1")
    for _ in range(2):
        with pytest.raises(FatalError, match=r"attempt 1\.2\.1 has saved"):
            old.save_bytes(b"old 2")
        old.load_bytes()  # To have read the later attempt's is no leave to replace it.
    assert attempt(1, 3, 1).load_bytes() == b"new 1"


def test_a_later_attempt_takes_over_from_one_that_saved_meanwhile(attempt: Callable[..., Checkpoint]) -> None:
    old, new = attempt(1, 1, 1), attempt(1, 2, 1)
    old.save_bytes(b"old 1")
    new.load_bytes()
    old.save_bytes(b"old 2")
    new.save_bytes(b"new 1")
    assert attempt(1, 3, 1).load_bytes() == b"new 1"


def test_another_input_starts_afresh(attempt: Callable[..., Checkpoint]) -> None:
    attempt(1, 1, 1).save_bytes(b"state")
    assert attempt(1, 2, 1, job_input="another").load_bytes() is None


@pytest.mark.parametrize("harm", ["cut short", "gone"])
def test_a_checkpoint_that_is_damaged_is_left_for_the_one_before(tmp_path: Path, harm: str) -> None:
    prefix, written = f"{tmp_path}/_checkpoint/", io.StringIO()
    log = Log(written, {})
    first = Checkpoint(LocalStorage(), prefix, (1, 1, 1), "same", tmp_path)
    for step in range(5):
        first.save_bytes(b"step %d" % step)
    newest = Path(json.loads(Path(f"{prefix}current.json").read_text())["uri"])
    if harm == "gone":
        newest.unlink()
    else:
        newest.write_bytes(newest.read_bytes()[:-1])
    second = Checkpoint(LocalStorage(), prefix, (1, 2, 1), "same", tmp_path, log)
    assert second.load_bytes() == b"step 3"
    assert newest.name in written.getvalue()
    second.save_bytes(b"step 4")
    # What was damaged is nobody's checkpoint before.
    third = Checkpoint(LocalStorage(), prefix, (1, 3, 1), "same", tmp_path)
    assert third.load_bytes(lambda data: data != b"step 4") == b"step 3"


def test_a_checkpoint_that_the_job_cannot_use_is_left_for_the_one_before(attempt: Callable[..., Checkpoint]) -> None:
    first = attempt(1, 1, 1)
    for step in range(5):
        first.save_bytes(b"step %d" % step)
    assert attempt(1, 2, 1).load_bytes(lambda data: data != b"step 4") == b"step 3"
    assert attempt(1, 2, 1).load_bytes(lambda data: data == b"step 2") is None


def test_bytes_are_not_taken_for_a_folder(attempt: Callable[..., Checkpoint], tmp_path: Path) -> None:
    attempt(1, 1, 1).save_bytes(b"state")
    with pytest.raises(FatalError, match="holds bytes"):
        attempt(1, 2, 1).load_directory(tmp_path / "resumed")


class _Replaced(LocalStorage):
    """Tells of the first object that is read as of one that was replaced before its last byte."""

    opened = 0

    @contextmanager
    def open(self, uri: str, version_id: str | None = None) -> Iterator[BinaryIO]:
        self.opened += 1
        if self.opened == 1:
            raise ConditionFailed(f"{uri} has changed")
        with super().open(uri, version_id) as stream:
            yield stream


def test_a_checkpoint_that_is_replaced_while_it_is_read_is_left_for_the_one_before(tmp_path: Path) -> None:
    prefix = f"{tmp_path}/_checkpoint/"
    first = Checkpoint(LocalStorage(), prefix, (1, 1, 1), "same", tmp_path)
    first.save_bytes(b"step 0")
    first.save_bytes(b"step 1")
    assert Checkpoint(_Replaced(), prefix, (1, 2, 1), "same", tmp_path).load_bytes() == b"step 0"


class _Dying(LocalStorage):
    """Dies before it moves the pointer for the third time."""

    moves = 0

    def put(self, uri: str, *args: object, **options: object) -> StoredObject:
        self.moves += uri.endswith("current.json")
        if self.moves == 3:
            raise KeyboardInterrupt
        return super().put(uri, *args, **options)  # type: ignore[arg-type]


def test_a_save_that_is_cut_short_leaves_the_one_before(tmp_path: Path) -> None:
    prefix = f"{tmp_path}/_checkpoint/"
    dying = Checkpoint(_Dying(), prefix, (1, 1, 1), "same", tmp_path)
    dying.save_bytes(b"first")
    dying.save_bytes(b"whole")
    with pytest.raises(KeyboardInterrupt):
        dying.save_bytes(b"half")
    assert Checkpoint(LocalStorage(), prefix, (1, 1, 2), "same", tmp_path).load_bytes() == b"whole"
