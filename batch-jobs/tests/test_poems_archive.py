"""Every danger of an archive, by its message."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from data.poems.poison import POISONS

from poem_archives import generated, lake_files, unzip, zipped
from poems.archive import ArchiveRefused

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = {
    "zip-slip": r"forms/\.\./\.\./\.\./evil\.txt.* leads out of its folder\. Nothing of the archive was unpacked",
    "absolute-path": r"/etc/evil\.txt.* is an absolute path",
    "symlink": r"Link\.txt.* is a symbolic link\. Put the file itself into the archive",
    "bomb-ratio": r"Bomb\.txt.* unpacks to 1,0\d\d times its size, and 100 times are allowed \(maxRatio\): a bomb",
    "bomb-count": r"has more than 200,000 files \(maxFiles\): a bomb, or too many\. Raise the limit",
    "bomb-total": r"unpacks to more than 4,000,000,000 bytes \(maxTotalBytes\).*: a bomb, or too large",
    "bomb-overlap": r"overlaps with the file before it: a bomb",
    "lying-size": r"Poisoned\.txt.* is damaged, or not what the archive's directory says of it",
    "nested": r"More\.zip.* is an archive within the archive: unpack it",
    "encrypted": r"Poisoned\.txt.* is encrypted\. Make the archive without a password",
    "duplicate-names": r"forms/ode/Twice\.txt.* and .*forms/ODE/Twice\.txt.* would both be .*ode/Twice\.txt",
    "names-broken-utf8": r"a file's name is said to be UTF-8 and is not \(byte 0xff\)",
    "truncated": r"is no zip, or is cut off: it has no directory at its end\. Upload it again, whole",
}
# These take many seconds to make: the limits are lowered instead, below.
LARGE = {"bomb-count", "bomb-total"}


def test_every_danger_of_the_generator_is_known_here() -> None:
    assert REFUSED.keys() | {"names-not-utf8"} == POISONS.keys()


@pytest.mark.parametrize("poison", sorted(REFUSED.keys() - LARGE))
def test_a_danger_is_refused_by_its_name_and_no_lake_comes_of_it(tmp_path: Path, poison: str) -> None:
    archive = generated(tmp_path / "drop.zip", poison=poison)
    with pytest.raises(ArchiveRefused, match=REFUSED[poison]) as refusal:
        unzip(archive, tmp_path)
    assert "drop.zip" in str(refusal.value)
    left = lake_files(tmp_path)
    # The one danger that shows only when the file is read leaves poems, and nothing that names them.
    assert not any("/_" in name for name in left)
    assert not left or poison == "lying-size"


def test_more_files_than_allowed_are_refused_before_their_names_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = generated(tmp_path / "drop.zip", files=50)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ArchiveRefused, match=r"has more than 30 files \(maxFiles\): a bomb, or too many"):
        unzip(archive, tmp_path, limits={"maxFiles": 30})


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("maxArchiveBytes", 1000, r"has [\d,]+ bytes, and 1,000 are allowed \(maxArchiveBytes\)"),
        ("maxFileBytes", 100, r"unpacks to [\d,]+ bytes, and 100 are allowed \(maxFileBytes\)"),
        ("maxTotalBytes", 5000, r"unpacks to more than 5,000 bytes \(maxTotalBytes\)"),
    ],
)
def test_what_is_over_a_limit_is_refused_with_the_limits_name(
    tmp_path: Path, limit: str, value: int, message: str
) -> None:
    with pytest.raises(ArchiveRefused, match=message):
        unzip(generated(tmp_path / "drop.zip"), tmp_path, limits={limit: value})
    assert lake_files(tmp_path) == {}


def test_a_directory_that_is_larger_than_its_files_need_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "drop.zip"
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("forms/ode/a.txt")
        info.comment = b"x" * 60_000
        file.writestr(info, "A poem")
    with pytest.raises(ArchiveRefused, match=r"a directory of 60,\d\d\d bytes for 1 files"):
        unzip(archive, tmp_path)


def test_names_in_an_old_encoding_are_read_as_well_as_can_be(tmp_path: Path) -> None:
    output = unzip(generated(tmp_path / "drop.zip", poison="names-not-utf8"), tmp_path)
    assert output["files"] == 21
    assert any(name.endswith("/ode/CafΘs.txt") for name in lake_files(tmp_path))


def test_names_in_utf8_that_do_not_say_so_are_read_as_utf8(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "drop.zip", {"ode/CafXXs.txt": b"A poem"})
    archive.write_bytes(archive.read_bytes().replace(b"CafXXs", "Cafés".encode()))
    unzip(archive, tmp_path)
    assert any(name.endswith("/ode/Cafés.txt") for name in lake_files(tmp_path))


def test_an_unusual_method_of_packing_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "drop.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("ode/a.txt", b"A poem\n" * 100)
    with pytest.raises(ArchiveRefused, match=r"packed by method 14; make the archive with the usual one"):
        unzip(archive, tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "drop.zip", {"ode/a.txt": b"A poem that has some length\n" * 3})
    content = bytearray(archive.read_bytes())
    content[30 + len("ode/a.txt") + 5] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(ArchiveRefused, match=r"ode/a\.txt.* is damaged"):
        unzip(archive, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no zip, or is cut off"),
        (b"<html>not found</html>", "is no zip, or is cut off"),
        (b"PK\x05\x06" + b"\0" * 18, r"has no poem.*it is empty"),
        (b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 9, 9, 500, 0, 0), "cut off or damaged"),
    ],
)
def test_a_file_that_isnt_an_archive_of_poems_is_reported(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "drop.zip").write_bytes(content)
    with pytest.raises(ArchiveRefused, match=message):
        unzip(tmp_path / "drop.zip", tmp_path)


def test_an_archive_without_poems_says_what_it_has_instead(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "drop.zip", {"poems.csv": b"a,b", "top.txt": b"A poem", "ode/._a.txt": b""})
    with pytest.raises(ArchiveRefused, match=r"no \.txt file: 1, in no form's folder: 1, hidden.*: 1"):
        unzip(archive, tmp_path)


def test_large_archives_have_their_numbers_in_another_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # zipfile writes the records of ZIP64 when a count is over this limit.
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    archive = zipped(tmp_path / "drop.zip", {f"ode/{number}.txt": b"A poem" for number in range(5)})
    content = bytearray(archive.read_bytes())
    assert b"PK\x06\x06" in content
    # The length of the directory as well.
    content[-10:-6] = b"\xff" * 4
    archive.write_bytes(content)
    assert unzip(archive, tmp_path)["files"] == 5
    with pytest.raises(ArchiveRefused, match="more than 4 files"):
        unzip(archive, tmp_path, attempt=2, limits={"maxFiles": 4})
