"""A seekable file over an object of the storage, which is read by ranges."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer


class RangeReader(io.RawIOBase):
    """Seeking costs no request; each read requests a range. Wrap it in `io.BufferedReader`: its buffer is the range."""

    def __init__(self, size: int, read_range: Callable[[int, int], bytes]) -> None:
        """`read_range(first, count)` returns `count` bytes from offset `first` on, or fewer at the end."""
        super().__init__()
        self._size = size
        self._read_range = read_range
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(f"offset {start + offset} is before the beginning")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        count = min(len(view), self._size - self._place)
        if count <= 0:
            return 0
        data = self._read_range(self._place, count)
        view[: len(data)] = data
        self._place += len(data)
        return len(data)
