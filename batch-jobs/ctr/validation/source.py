"""Reads an object once, from its first byte to its last. Gives its lines in blocks, its checksum and its size."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from gzip import BadGzipFile
from typing import TYPE_CHECKING, BinaryIO

from ctr.validation.errors import REMEDY, InvalidData

if TYPE_CHECKING:
    from collections.abc import Generator

    from typing_extensions import Buffer

GZIP_SUFFIX = ".gz"
GZIP_MAGIC = b"\x1f\x8b"
# About 50,000 rows. They take little memory, and the overhead of each block is small compared with its work.
BLOCK_BYTES = 8 * 1024 * 1024
READ_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Block:
    """Consecutive whole lines of text."""

    first_line: int
    """Number of the first line in the file, from 1."""
    data: bytes


class Source:
    """An object that is being read. Once all blocks have been read, `sha256` and `bytes` describe the whole object."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._hashed = _Hashed(stream)

    @property
    def bytes(self) -> int:
        """Number of bytes of the object that have been read. For a gzip file, these are compressed bytes."""
        return self._hashed.bytes

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the bytes that have been read."""
        return self._hashed.digest.hexdigest()

    def blocks(self) -> Generator[Block, None, None]:
        """The lines of the text. If the object is gzip, it is decompressed.

        Raises:
            InvalidData: the gzip is broken, only one of name and content says that it is gzip, or a line has no end.
        """
        raw = io.BufferedReader(self._hashed, READ_BYTES)
        zipped = raw.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
        if zipped != self.name.endswith(GZIP_SUFFIX) and raw.peek(1):
            found, remedy = (
                ("is gzip, though its name does not end in .gz", "Add .gz to its name and drop it again.")
                if zipped
                else (
                    "is not gzip, though its name ends in .gz",
                    "Compress it, or take .gz from its name, and drop it again.",
                )
            )
            raise InvalidData(f"{self.name} {found}. {remedy}")
        yield from self._inflated(raw) if zipped else self._lines(raw)

    def _inflated(self, raw: BinaryIO) -> Generator[Block, None, None]:
        from isal import igzip, isal_zlib

        line = 1
        try:
            for block in self._lines(igzip.IGzipFile(None, "rb", fileobj=raw)):
                line = block.first_line + block.data.count(b"\n")
                yield block
        except EOFError as error:
            raise InvalidData(
                f"{self.name} ends in the middle of its gzip stream, in line {line} or later: it was cut off. "
                "Upload the whole file again."
            ) from error
        except (BadGzipFile, isal_zlib.IsalError) as error:
            raise InvalidData(
                f"{self.name} has a broken gzip stream, in line {line} or later: {error}. Compress and upload it again."
            ) from error

    def _lines(self, text: BinaryIO) -> Generator[Block, None, None]:
        line, rest = 1, b""
        while piece := text.read(BLOCK_BYTES):
            whole, end, begun = piece.rpartition(b"\n")
            if end:
                block = Block(line, rest + whole + end)
                line += block.data.count(b"\n")
                yield block
                rest = begun
            else:
                rest += piece
            if len(rest) > BLOCK_BYTES:
                raise InvalidData(
                    f"{self.name}, line {line} has no end within {BLOCK_BYTES:,} bytes: it is no CSV. {REMEDY}"
                )
        if rest:
            yield Block(line, rest)


class _Hashed(io.RawIOBase):
    """Passes on a stream's bytes, and counts and hashes them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self.digest.update(data)
        self.bytes += len(data)
        return len(data)
