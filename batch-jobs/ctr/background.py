"""Runs one stage of a pipeline ahead of the next one, in a thread of its own."""

from __future__ import annotations

import threading
from contextlib import closing
from queue import Empty, Queue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

Item = TypeVar("Item")

# A stage may wait for a socket, which can't be interrupted. After this time, its thread is abandoned.
PATIENCE_SECONDS = 1.0


def ahead(items: Generator[Item, None, None], depth: int) -> Generator[Item, None, None]:
    """The same items in the same order, produced in a thread that is up to `depth` items ahead of the reader.

    It helps if producing the items releases Python's interpreter lock: waiting for S3, unpacking, compiled loops. An
    exception of `items` is raised here, at the same place. The thread ends with this generator.
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
    """Empties the queue. A thread that waits for room in it then continues, and sees that it should stop."""
    while True:
        try:
            queue.get_nowait()
        except Empty:
            return
