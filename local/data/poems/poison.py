"""Archives with one danger each, to test the unpacking of uploaded files."""

from __future__ import annotations

import copy
import stat
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Files = zipfile.ZipFile

# More than the default limit of two hundred thousand files.
MANY_FILES = 200_001
# Together more than the default limit of four thousand million bytes, in files that are each within their limit.
TOTAL_FILES = 480
TOTAL_FILE_BYTES = 8_500_000


def _nothing(_archive: Files) -> None:
    pass


@dataclass(frozen=True)
class Poison:
    """What is wrong, and how it gets into the archive: a file in the middle, a changed directory, or other bytes."""

    what: str
    add: Callable[[Files], None] = _nothing
    at_end: Callable[[Files], None] = _nothing
    replaced: dict[bytes, bytes] = field(default_factory=dict)


def _entry(archive: Files, name: str, content: bytes, mode: int = stat.S_IFREG | 0o644) -> None:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = mode << 16
    archive.writestr(info, content)


def _file(name: str, content: bytes = b"A poem\n", mode: int = stat.S_IFREG | 0o644) -> Callable[[Files], None]:
    def add(archive: Files) -> None:
        _entry(archive, name, content, mode)

    return add


def _twice(archive: Files) -> None:
    _entry(archive, "forms/ode/Twice.txt", b"first\n")
    _entry(archive, "forms/ODE/Twice.txt", b"second\n")


def _many(archive: Files) -> None:
    for number in range(MANY_FILES):
        _entry(archive, f"forms/ode/{number}.txt", b"")


def _large(archive: Files) -> None:
    # Shrinks to about an eightieth, which is less than the ratio that counts as a bomb.
    block = (b"The moon remembers the hills and the night\n" * 500)[:20_000]
    content = b"".join(
        b"%0128x%0128x\n%s" % (_hash_of(number), _hash_of(-number), block)
        for number in range(TOTAL_FILE_BYTES // 20_257)
    )
    for number in range(TOTAL_FILES):
        _entry(archive, f"forms/ode/Large{number}.txt", content)


def _hash_of(number: int) -> int:
    """512 bits that follow from the number and shrink by half as hexadecimal digits."""
    from hashlib import sha512

    return int.from_bytes(sha512(number.to_bytes(8, "big", signed=True)).digest(), "big")


def _changed(change: Callable[[zipfile.ZipInfo], None]) -> Callable[[Files], None]:
    """Changes a file's entry in the directory at the end; the file itself stays as it is."""

    def at_end(archive: Files) -> None:
        change(archive.getinfo("forms/ode/Poisoned.txt"))

    return at_end


def _encrypt(info: zipfile.ZipInfo) -> None:
    info.flag_bits |= 1


def _shorten(info: zipfile.ZipInfo) -> None:
    info.file_size = 10


def _overlap(archive: Files) -> None:
    twin = copy.copy(archive.getinfo("forms/ode/Poisoned.txt"))
    twin.filename = twin.orig_filename = "forms/ode/Twin.txt"
    archive.infolist().append(twin)


_POISONED = _file("forms/ode/Poisoned.txt", b"The sea and the sky\n" * 10)

POISONS = {
    "zip-slip": Poison("a file leads out of the folder it is unpacked into", _file("forms/../../../evil.txt")),
    "absolute-path": Poison("a file has an absolute path", _file("/etc/evil.txt")),
    "symlink": Poison("a symbolic link", _file("forms/ode/Link.txt", b"/etc/passwd", stat.S_IFLNK | 0o777)),
    "bomb-ratio": Poison("a file unpacks to a thousand times its size", _file("forms/ode/Bomb.txt", b"0" * 9_000_000)),
    "bomb-count": Poison("two hundred thousand files", _many),
    "bomb-total": Poison("more than four thousand million bytes, in files that each look harmless", _large),
    "bomb-overlap": Poison("two files share their bytes", _POISONED, _overlap),
    "lying-size": Poison("a file is larger than the directory says", _POISONED, _changed(_shorten)),
    "nested": Poison("a zip in the zip", _file("forms/ode/More.zip", b"PK\x05\x06" + b"\0" * 18)),
    "encrypted": Poison("a file is encrypted", _POISONED, _changed(_encrypt)),
    "duplicate-names": Poison("two files would be one", _twice),
    "names-not-utf8": Poison(
        "a file's name is in no encoding that the archive tells: no danger",
        _file("forms/ode/CafQQ.txt"),
        replaced={b"forms/ode/CafQQ.txt": b"forms/ode/Caf\xe9s.txt"},
    ),
    "names-broken-utf8": Poison(
        "a file's name is said to be UTF-8 and is not",
        _file("forms/ode/CafÿÿQ.txt"),
        replaced={"forms/ode/CafÿÿQ.txt".encode(): b"forms/ode/Caf\xff\xfe\xff\xfeQ.txt"},
    ),
    "truncated": Poison("the last third of the archive is missing"),
}
KEPT_SHARE_OF_TRUNCATED = 2 / 3
