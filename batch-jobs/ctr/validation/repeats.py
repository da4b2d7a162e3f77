"""Finds row ids that occur twice, exactly and in little memory.

Ids and their lines are written to 64 files on disk, by a hash of the id, so equal ids are in the same file. At the end,
each file is sorted in memory, one after the other. That takes 16 bytes of disk for each row, and 50 MB of memory for a
hundred million rows.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PARTS = 64
# Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): the upper bits of the product depend on all bits.
FACTOR = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(58)


@dataclass(frozen=True)
class Repeats:
    """Rows with the id of an earlier row. The example is the first of them."""

    count: int
    id: int
    line: int
    earlier_line: int


class IdLedger:
    """Collects every id, then says which were repeated. It is a context manager, because it holds files open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[BinaryIO] = []
        self._stack = ExitStack()

    def __enter__(self) -> IdLedger:
        self._folder.mkdir(parents=True)
        self._files = [
            self._stack.enter_context((self._folder / str(part)).open("w+b", buffering=1 << 16))
            for part in range(PARTS)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, ids: NDArray[np.uint64], first_line: int) -> None:
        """Adds the ids of consecutive rows."""
        parts = (ids * FACTOR >> SHIFT).astype(np.uint8)
        order = np.argsort(parts, kind="stable")
        lines = np.arange(first_line, first_line + len(ids), dtype=np.uint64)
        entries = np.column_stack((ids, lines))[order]
        ends = np.cumsum(np.bincount(parts, minlength=PARTS))
        for file, piece in zip(self._files, np.split(entries, ends[:-1]), strict=True):
            file.write(piece.tobytes())

    def repeats(self) -> Repeats | None:
        """The repeated ids; None if there are none."""
        found = [repeats for file in self._files if (repeats := _repeats_of(file)) is not None]
        if not found:
            return None
        first = min(found, key=lambda repeats: repeats.line)
        return Repeats(sum(repeats.count for repeats in found), first.id, first.line, first.earlier_line)


def _repeats_of(file: BinaryIO) -> Repeats | None:
    file.seek(0)
    ids, lines = np.frombuffer(file.read(), dtype=np.uint64).reshape(-1, 2).T
    in_order = np.sort(ids)
    if not (in_order[1:] == in_order[:-1]).any():
        return None
    # The sort is stable, so equal ids stay in the order of their lines.
    order = np.argsort(ids, kind="stable")
    ids, lines = ids[order], lines[order]
    again = np.flatnonzero(ids[1:] == ids[:-1])
    first = again[np.argmin(lines[again + 1])]
    return Repeats(len(again), int(ids[first]), int(lines[first + 1]), int(lines[first]))
