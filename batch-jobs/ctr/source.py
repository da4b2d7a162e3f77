"""Reads files of rows from S3 as blocks of whole lines. Memory is bounded, and the checksum is computed meanwhile."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NotRequired, TypedDict

from isal import igzip, isal_zlib

from ctr.columns import COLUMNS
from millrace_job import FatalError, StorageError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from millrace_job import Artifacts, ObjectReference

BLOCK_BYTES = 1024 * 1024
GZIP = b"\x1f\x8b"
HEADER = ",".join(COLUMNS).encode()
COMMA, NEWLINE = b",\n"
# Separates values in blocks that the csv module has read, because such values may contain commas and line ends.
UNIT_SEPARATOR, RECORD_SEPARATOR = b"\x1f\x1e"
ROWS_AT_ONCE = 4096
REMEDY = "Correct the file and drop it again."


class File(TypedDict):
    """A file of rows as validation found it."""

    uri: str
    versionId: NotRequired[str]
    sha256: str
    bytes: int
    rows: int


class FileChanged(StorageError):
    """The file isn't as validation found it. A retry reads it again, because the transfer may have been cut off."""


class CheckpointOutdated(Exception):
    """The beginning of the file isn't what an earlier try read, so the state that was learnt from it is useless."""


@dataclass(frozen=True)
class Seen:
    """The beginning of a file: this many bytes (as stored), and their SHA-256 (hex)."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Place:
    """Where a row begins: the file's number, the rows before it in that file, and the part of the file read so far."""

    file: int
    row: int
    seen: Seen | None = None


START = Place(0, 0)


@dataclass(frozen=True)
class Block:
    """Whole rows. Each ends with `terminator`, and its values are separated by `separator`."""

    text: bytes
    file: int
    seen: Seen
    separator: int = COMMA
    terminator: int = NEWLINE


class _Digested(io.RawIOBase):
    """A stream that computes the SHA-256 of its bytes, and compares its beginning with what an earlier try read."""

    def __init__(self, stream: BinaryIO, before: Seen | None) -> None:
        self._stream = stream
        self._before = before
        self._hash = hashlib.sha256()
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(len(buffer))
        if self._before is not None and self._bytes + len(piece) >= self._before.bytes:
            rest = self._before.bytes - self._bytes
            self._add(piece[:rest])
            if self.seen != self._before:
                raise CheckpointOutdated
            self._before = None
            self._add(piece[rest:])
        else:
            self._add(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def _add(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._bytes += len(piece)

    @property
    def seen(self) -> Seen:
        return Seen(self._bytes, self._hash.copy().hexdigest())


def read_blocks(files: Sequence[File], artifacts: Artifacts, place: Place = START) -> Generator[Block, None, None]:
    """The rows of the files in order, from `place` on, without headers. A file is CSV or gzip of any number of members.

    The last block of a file comes before the file's checksum is compared. So keep a result only after all blocks have
    been read.

    Raises:
        FileChanged: a file isn't the one that validation found.
        CheckpointOutdated: the beginning of the file isn't what an earlier try read.
        FatalError: the file isn't a CSV of the columns.
    """
    for number in range(place.file, len(files)):
        file = files[number]
        resumed = number == place.file
        with artifacts.open(_reference(file)) as stream:
            raw = _Digested(stream, place.seen if resumed else None)
            stored = io.BufferedReader(raw, BLOCK_BYTES)
            try:
                yield from _blocks_of(stored, raw, number, place.row if resumed else 0, file["uri"])
                while stored.read(BLOCK_BYTES):  # what follows the last member of a gzip file
                    pass
            except (EOFError, OSError, zlib.error, isal_zlib.IsalError) as error:
                raise FileChanged(
                    f"{file['uri']} can't be unpacked ({error}), but validation could unpack it"
                ) from error
            found = raw.seen
        if found != Seen(file["bytes"], file["sha256"]):
            raise FileChanged(
                f"{file['uri']} has {found.bytes} bytes with SHA-256 {found.sha256}, and had {file['bytes']} with "
                f"{file['sha256']} when it was validated: start a new run, which validates what is there now"
            )


def _reference(file: File) -> ObjectReference:
    if "versionId" in file:
        return {"uri": file["uri"], "versionId": file["versionId"]}
    return {"uri": file["uri"]}


def _blocks_of(
    stored: io.BufferedReader[_Digested], raw: _Digested, number: int, skip: int, uri: str
) -> Iterator[Block]:
    zipped = stored.peek(len(GZIP)).startswith(GZIP)
    lines = _whole_lines(igzip.IGzipFile(fileobj=stored) if zipped else stored, uri)
    first = next(lines, b"")
    _check_header(first, uri)
    skip += 1
    for block in itertools.chain([first], lines):
        # Quotes and carriage returns are rare, and the csv module handles all of them.
        if b'"' in block or b"\r" in block:
            yield from _quoted_blocks(itertools.chain([block], lines), raw, number, skip, uri)
            return
        rows = block.count(b"\n") if skip else 0
        if skip and skip >= rows:
            skip -= rows
            continue
        yield Block(_without_rows(block, skip), number, raw.seen)
        skip = 0


def _whole_lines(stream: io.BufferedIOBase, uri: str) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(BLOCK_BYTES):
        text = rest + piece
        end = text.rfind(b"\n") + 1
        if end == 0 and len(text) > BLOCK_BYTES:
            raise FatalError(f"{uri} has a line of more than {BLOCK_BYTES:,} bytes: it isn't a CSV. {REMEDY}")
        rest = text[end:]
        if end:
            yield text[:end]
    if rest:
        yield rest + b"\n"


def _check_header(first: bytes, uri: str) -> None:
    line = first.partition(b"\n")[0].decode("latin-1")
    names = next(csv.reader([line]), [])
    if names == list(COLUMNS):
        return
    if len(names) != len(COLUMNS):
        what = f"{len(names)} columns, and should have {len(COLUMNS)}"
    else:
        what = "; ".join(f"{found!r} for {name}" for found, name in zip(names, COLUMNS, strict=True) if found != name)
    raise FatalError(f"{uri}, line 1 has {what[:300]}. The columns are: {', '.join(COLUMNS)}. {REMEDY}")


def _without_rows(block: bytes, count: int) -> bytes:
    end = 0
    for _ in range(count):
        end = block.index(b"\n", end) + 1
    return block[end:]


def _quoted_blocks(blocks: Iterable[bytes], raw: _Digested, number: int, skip: int, uri: str) -> Iterator[Block]:
    # Latin-1 maps each byte to one character and back, so the values keep the bytes that are hashed.
    lines = itertools.chain.from_iterable(io.StringIO(block.decode("latin-1"), newline="") for block in blocks)
    reader = csv.reader(lines, strict=True)
    rows = itertools.islice(reader, skip, None)
    try:
        while some := list(itertools.islice(rows, ROWS_AT_ONCE)):
            text = "".join("\x1f".join(row) + "\x1e" for row in some)
            yield Block(text.encode("latin-1"), number, raw.seen, UNIT_SEPARATOR, RECORD_SEPARATOR)
    except csv.Error as error:
        raise FatalError(f"{uri}, {reader.line_num} lines further, can't be read as CSV: {error}. {REMEDY}") from error
