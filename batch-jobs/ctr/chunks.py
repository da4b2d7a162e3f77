"""Turns blocks of text into chunks of hashed rows. Chunks have the requested sizes, whatever the blocks' sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctr import kernels
from ctr.columns import COLUMNS, FEATURE_COLUMNS
from ctr.kernels.constants import BAD_CLICK, FINE
from ctr.source import REMEDY, Block, File, Place, Seen
from millrace_job import FatalError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from numpy.typing import NDArray

SHOWN_BYTES = 80
PREFIXES = np.frombuffer("".join(f"{column}=" for column in FEATURE_COLUMNS).encode(), dtype=np.uint8)


@dataclass(frozen=True)
class Chunk:
    """Rows as numbers: features (see kernels/source.py) and clicks (0 or 1); and where the next row begins."""

    features: NDArray[np.uint32]
    clicks: NDArray[np.uint8]
    end: Place


def read_chunks(
    blocks: Generator[Block, None, None], files: Sequence[File], sizes: Iterable[int], place: Place, *, to_end: bool
) -> Generator[Chunk, None, None]:
    """Chunks with the given numbers of rows, from `place` on. With `to_end`, there must be no further rows.

    Raises:
        FatalError: a row is malformed, or a file has another number of rows than validation counted.
        Exception: whatever `read_blocks` raises.
    """
    rows = _Rows(blocks, files, place)
    for size in sizes:
        yield rows.take(size)
    if to_end:
        rows.finish()


class _Rows:
    def __init__(self, blocks: Generator[Block, None, None], files: Sequence[File], place: Place) -> None:
        self._blocks = blocks
        self._files = files
        self._file = place.file
        self._row = place.row
        self._block = Block(b"", place.file, place.seen or Seen(0, ""))
        self._text = np.empty(0, dtype=np.uint8)

    def take(self, size: int) -> Chunk:
        features = np.empty((size, len(FEATURE_COLUMNS)), dtype=np.uint32)
        clicks = np.empty(size, dtype=np.uint8)
        filled = 0
        while filled < size:
            if not len(self._text):
                self._next_block()
            block = self._block
            rows, read, fault = kernels.hash_rows(
                *(self._text, block.separator, block.terminator, PREFIXES, features[filled:], clicks[filled:])
            )
            filled += rows
            self._row += rows
            self._text = self._text[read:]
            if fault != FINE:
                raise self._explain(fault)
        return Chunk(features, clicks, Place(self._file, self._row, self._block.seen))

    def finish(self) -> None:
        left = len(self._text)
        # Reads to the end, because the checksums are compared only there.
        for block in self._blocks:
            left += len(block.text)
        if left:
            raise self._miscounted(self._file, f"more than {self._row:,}")
        self._begin_file(len(self._files))

    def _next_block(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            raise self._miscounted(self._file, f"{self._row:,}")
        self._begin_file(block.file)
        self._block = block
        self._text = np.frombuffer(block.text, dtype=np.uint8)

    def _begin_file(self, number: int) -> None:
        while self._file < number:
            if self._row != self._files[self._file]["rows"]:
                raise self._miscounted(self._file, f"{self._row:,}")
            self._file += 1
            self._row = 0

    def _miscounted(self, number: int, found: str) -> FatalError:
        file = self._files[number]
        return FatalError(
            f"{file['uri']} has {found} rows, and the input says {file['rows']:,}: give what ctr.validate counted"
        )

    def _explain(self, fault: int) -> FatalError:
        uri, line = self._files[self._file]["uri"], self._row + 2
        block = self._block
        row, _, _ = self._text.tobytes().partition(bytes([block.terminator]))
        values = row.decode(errors="replace").split(chr(block.separator))
        if fault == BAD_CLICK:
            what = f"column click is {values[1][:SHOWN_BYTES]!r}: give 0 or 1"
        else:
            what = f"has {len(values)} columns, and needs {len(COLUMNS)}: {','.join(values)[:SHOWN_BYTES]!r}"
        return FatalError(f"{uri}, line {line}: {what}. {REMEDY}")
