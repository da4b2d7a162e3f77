"""Work ahead: one stage of a pipeline in a thread of its own."""

from __future__ import annotations

import threading
from contextlib import closing
from queue import Empty, Queue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

Item = TypeVar("Item")

# What a stage is waiting for may be a socket, which can't be told to stop; the process ends without it.
PATIENCE_SECONDS = 1.0


def ahead(items: Generator[Item, None, None], depth: int) -> Generator[Item, None, None]:
    """The same items in the same order, made in a thread that is up to `depth` items ahead of the reader.

    Pays where making them leaves Python's interpreter lock alone: waiting for S3, unpacking, compiled loops. What the
    items raise is raised here, in its place. The thread ends with this generator.
    """
    queue: Queue[tuple[Item] | BaseException | None] = Queue(depth)
    stopped = threading.Event()

    def work() -> None:
        end: BaseException | None = None
        try:
            with closing(items):
                for item in items:
                    queue.put((item,))
                    if stopped.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            end = error
        queue.put(end)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (got := queue.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            yield got[0]
    finally:
        stopped.set()
        _drain(queue)
        thread.join(PATIENCE_SECONDS)


def _drain(queue: Queue[tuple[Item] | BaseException | None]) -> None:
    """Makes room, so that a thread that waits for it goes on and sees that it is to stop."""
    while True:
        try:
            queue.get_nowait()
        except Empty:
            return
