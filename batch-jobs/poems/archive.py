"""Reads and checks the directory of a zip before any of its files is unpacked.

The directory is the only part that lists every file, with its packed and unpacked size. Its own size is checked before
it is read. No more of a file is unpacked than the directory says.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypedDict

from millrace_job import FatalError
from poems.names import Place, Skipped, UnsafeName, is_folder, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Sizes and signatures: APPNOTE.TXT of PKWARE, 4.3.12 to 4.3.16.
END_SIGNATURE = b"PK\x05\x06"
END_BYTES = 22
MAX_COMMENT = 65_535
END64_SIGNATURE = b"PK\x06\x06"
END64_BYTES = 56
LOCATOR_SIGNATURE = b"PK\x06\x07"
LOCATOR_BYTES = 20
ENTRY_SIGNATURE = b"PK\x01\x02"
ENTRY_BYTES = 46
LOCAL_BYTES = 30
# General purpose bits: encrypted; strongly encrypted; with a hidden directory.
ENCRYPTED = 0x0001 | 0x0040 | 0x2000
NAME_IS_UTF8 = 0x0800
# An entry of the directory has a name and rarely more than some tens of other bytes.
MAX_ENTRY_BYTES = 512
# The ratio of a small file says nothing about a bomb: ten equal lines have a higher one.
RATIO_FROM_BYTES = 100_000


class Limits(TypedDict):
    """Upper limits for an archive. The contract has the units and defaults."""

    maxArchiveBytes: int
    maxFiles: int
    maxFileBytes: int
    maxTotalBytes: int
    maxRatio: float


class ArchiveRefused(FatalError):
    """The archive is damaged or dangerous. The message names the file and says what to do."""


@dataclass(frozen=True)
class Member:
    """A poem in the archive."""

    info: zipfile.ZipInfo
    place: Place


@dataclass(frozen=True)
class Archive:
    """An archive that passed all checks. `skipped` has the number of files that were left out, by reason."""

    name: str
    members: list[Member]
    skipped: dict[str, int]
    unnamed: int
    """Number of names in an unknown encoding. They are read as code page 437, as in MS-DOS."""
    file: zipfile.ZipFile

    def read(self, member: Member) -> bytes:
        """The unpacked content of a file, with its checksum checked. It is never longer than the directory says.

        Raises:
            ArchiveRefused: the file is damaged, or differs from what the directory says.
        """
        try:
            with self.file.open(member.info) as stream:
                # Asks for one byte more than there should be. read() without a number would unpack everything at once.
                return stream.read(member.info.file_size + 1)
        except (zipfile.BadZipFile, EOFError, struct.error, NotImplementedError, zlib.error) as error:
            raise ArchiveRefused(
                f"{self.name}: {shown(member.info.filename)} is damaged, or not what the archive's directory says of "
                f"it ({error}). Make the archive again and drop it."
            ) from error


def open_archive(stream: BinaryIO, name: str, limits: Limits, folder: str = "") -> Archive:
    """Reads and checks the archive's directory. The files themselves stay unread.

    Args:
        stream: a seekable stream. It stays in use as long as files are read.
        name: the archive's name in messages.
        limits: the upper limits.
        folder: the archive's folder with the forms; empty for the whole archive.

    Raises:
        ArchiveRefused: the archive is dangerous, isn't a zip, exceeds a limit, or has no poem.
    """
    _check_directory(stream, name, limits)
    try:
        file = zipfile.ZipFile(stream)
    except UnicodeDecodeError as error:
        raise ArchiveRefused(
            f"{name}: a file's name is said to be UTF-8 and is not (byte 0x{error.object[error.start]:02x}). "
            "Make the archive again with another program."
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, struct.error) as error:
        raise ArchiveRefused(f"{name} can't be read as a zip: {error}. Make it again and drop it.") from error
    infos = file.infolist()
    _check_overlaps(infos, name)
    members: dict[str, Member] = {}
    skipped: dict[str, int] = {}
    unnamed = total = 0
    for info in infos:
        entry, is_guess = _decoded_name(info)
        unnamed += is_guess
        place = _judged(info, entry, name, folder, limits)
        total += info.file_size
        if total > limits["maxTotalBytes"]:
            raise ArchiveRefused(
                f"{name} unpacks to more than {limits['maxTotalBytes']:,} bytes (maxTotalBytes), the last of them in "
                f"{shown(entry)}: a bomb, or too large. {_RAISE}"
            )
        if isinstance(place, Skipped):
            skipped[place.reason] = skipped.get(place.reason, 0) + 1
        elif place is not None:
            other = members.setdefault(place.key, Member(info, place))
            if other.info is not info:
                raise ArchiveRefused(
                    f"{name}: {shown(other.info.filename)} and {shown(entry)} would both be {shown(place.key)} in the "
                    "lake. Rename one, or name the folder that holds the forms."
                )
    if not members:
        reasons = ", ".join(f"{reason}: {files}" for reason, files in skipped.items()) or "it is empty"
        raise ArchiveRefused(f"{name} has no poem, which is a .txt file in a folder named after its form ({reasons})")
    # In the order of their places in the archive, so that it is read from beginning to end.
    ordered = sorted(members.values(), key=lambda member: member.info.header_offset)
    return Archive(name, ordered, skipped, unnamed, file)


_RAISE = "Raise the limit if the archive is what you expect."


def shown(name: str) -> str:
    """A name in a form that fits into a message: quoted, without control characters, and not too long."""
    return ascii(name if len(name) <= 120 else f"{name[:120]}…") if not name.isprintable() else f"“{name[:120]}”"


def _judged(info: zipfile.ZipInfo, entry: str, name: str, folder: str, limits: Limits) -> Place | Skipped | None:
    """The entry's place in the lake; None for a folder. Raises ArchiveRefused if the entry is dangerous."""
    try:
        # A folder's name is checked as if there were a file in the folder.
        place = place_of(f"{entry}x" if is_folder(entry) else entry, folder)
    except UnsafeName as error:
        raise ArchiveRefused(f"{name}: {shown(entry)} {error}. Nothing of the archive was unpacked.") from error
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a symbolic link" if kind == stat.S_IFLNK else "no ordinary file"
        raise ArchiveRefused(f"{name}: {shown(entry)} is {what}. Put the file itself into the archive.")
    if info.flag_bits & ENCRYPTED:
        raise ArchiveRefused(f"{name}: {shown(entry)} is encrypted. Make the archive without a password.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveRefused(
            f"{name}: {shown(entry)} is packed by method {info.compress_type}; make the archive with the usual one, "
            "deflate."
        )
    if info.file_size > limits["maxFileBytes"]:
        raise ArchiveRefused(
            f"{name}: {shown(entry)} unpacks to {info.file_size:,} bytes, and {limits['maxFileBytes']:,} are allowed "
            f"(maxFileBytes). {_RAISE}"
        )
    if info.file_size > max(limits["maxRatio"] * info.compress_size, RATIO_FROM_BYTES):
        raise ArchiveRefused(
            f"{name}: {shown(entry)} unpacks to {info.file_size / max(info.compress_size, 1):,.0f} times its size, "
            f"and {limits['maxRatio']:g} times are allowed (maxRatio): a bomb. {_RAISE}"
        )
    return None if is_folder(entry) else place


def _decoded_name(info: zipfile.ZipInfo) -> tuple[str, bool]:
    """The entry's whole name, and whether its encoding was guessed."""
    # zipfile cuts a name at its first zero byte.
    name = info.orig_filename
    if info.flag_bits & NAME_IS_UTF8 or name.isascii():
        return name, False
    # By the standard, a name that isn't marked as UTF-8 is in code page 437. But many programs forget the mark, so a
    # name that can be UTF-8 is read as UTF-8.
    try:
        return name.encode("cp437").decode(), False
    except UnicodeDecodeError:
        return name, True


def _check_overlaps(infos: list[zipfile.ZipInfo], name: str) -> None:
    """Refuses files that share bytes: together they may unpack to far too much (D. Fifield, A better zip bomb)."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveRefused(f"{name}: {shown(info.filename)} overlaps with the file before it: a bomb.")
        end = info.header_offset + LOCAL_BYTES + info.compress_size


def _check_directory(stream: BinaryIO, name: str, limits: Limits) -> None:
    """Refuses an archive or a directory that is too large, before zipfile reads all of it into memory."""
    size = stream.seek(0, 2)
    if size > limits["maxArchiveBytes"]:
        raise ArchiveRefused(
            f"{name} has {size:,} bytes, and {limits['maxArchiveBytes']:,} are allowed (maxArchiveBytes). {_RAISE}"
        )
    start, length = _directory(stream, name, size)
    most = limits["maxFiles"]
    files = 0
    for _ in _entries(stream, start, length):
        files += 1
        if files > most:
            raise ArchiveRefused(f"{name} has more than {most:,} files (maxFiles): a bomb, or too many. {_RAISE}")
    if length > max(files, 1) * MAX_ENTRY_BYTES:
        raise ArchiveRefused(f"{name} has a directory of {length:,} bytes for {files:,} files. Make it again.")


def _directory(stream: BinaryIO, name: str, size: int) -> tuple[int, int]:
    """The offset of the directory, and its length in bytes."""
    tail_start = max(0, size - END_BYTES - MAX_COMMENT)
    stream.seek(tail_start)
    tail = stream.read(size - tail_start)
    at = tail.rfind(END_SIGNATURE)
    if at < 0 or len(tail) - at < END_BYTES:
        raise ArchiveRefused(
            f"{name} is no zip, or is cut off: it has no directory at its end. Upload it again, whole."
        )
    end = tail_start + at
    (length,) = struct.unpack_from("<I", tail, at + 12)
    # A number that is too large for this record is in the record before it.
    before = tail[max(0, at - LOCATOR_BYTES) : at]
    if before.startswith(LOCATOR_SIGNATURE) and end >= LOCATOR_BYTES + END64_BYTES:
        end -= LOCATOR_BYTES + END64_BYTES
        stream.seek(end)
        record = stream.read(END64_BYTES)
        if record.startswith(END64_SIGNATURE):
            (length,) = struct.unpack_from("<Q", record, 40)
    if length > end:
        raise ArchiveRefused(
            f"{name} is cut off or damaged: its directory would begin before it does. Upload it again, whole."
        )
    return end - length, length


def _entries(stream: BinaryIO, start: int, length: int) -> Iterator[None]:
    """Yields once for each entry of the directory, until one can't be read. zipfile reports what is wrong there."""
    place = start
    while place + ENTRY_BYTES <= start + length:
        stream.seek(place)
        entry = stream.read(ENTRY_BYTES)
        if len(entry) < ENTRY_BYTES or not entry.startswith(ENTRY_SIGNATURE):
            return
        place += ENTRY_BYTES + sum(struct.unpack_from("<HHH", entry, 28))
        yield
