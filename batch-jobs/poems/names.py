"""Where in the lake a file of an archive belongs, by its name alone. Names come from strangers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

# Every file system that a lake may be copied to takes so many for a name.
MAX_NAME = 255
POEM_SUFFIX = ".txt"
# What unpacks to more files. A lake is filled from one archive, whose contents were all looked at.
ARCHIVE_SUFFIXES = frozenset(
    {".7z", ".bz2", ".cab", ".gz", ".iso", ".jar", ".rar", ".tar", ".tgz", ".xz", ".z", ".zip", ".zst"}
)
# Of macOS and Windows, who leave them in archives.
LEFT_BEHIND = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


class UnsafeName(ValueError):
    """A name that no honest archive has; the message says what is wrong, to follow the name."""


@dataclass(frozen=True)
class Place:
    """A poem's place in the lake."""

    form: str
    file: str

    @property
    def key(self) -> str:
        return f"{self.form}/{self.file}"


@dataclass(frozen=True)
class Skipped:
    """A file that is no poem, and why."""

    reason: str


def place_of(name: str, folder: str = "") -> Place | Skipped:
    """The place of a file that is called `name` in its archive.

    The form is the folder that the file lies in, in lower case, with `-` for what is neither letter nor digit. Unicode
    is normalised (NFC), so that names that look the same are the same.

    Args:
        name: as the archive has it, with slashes of either kind between its parts.
        folder: the archive's folder that the forms lie in; empty for all of it.

    Raises:
        UnsafeName: the name leads out of its folder, is absolute, or can't be a file's.
    """
    *folders, file = _parts(name)
    if any(part.startswith(".") or part.lower() in LEFT_BEHIND for part in (*folders, file)):
        return Skipped("hidden, or left by a system")
    if PurePosixPath(file).suffix.lower() in ARCHIVE_SUFFIXES:
        raise UnsafeName("is an archive within the archive: unpack it, and put its files in its place")
    inside = [part for part in folder.replace("\\", "/").split("/") if part not in ("", ".")]
    if folders[: len(inside)] != inside:
        return Skipped(f"outside of the folder {folder}")
    if not file.lower().endswith(POEM_SUFFIX):
        return Skipped(f"no {POEM_SUFFIX} file")
    if len(folders) == len(inside):
        return Skipped("in no form's folder")
    form = unicodedata.normalize("NFC", re.sub(r"[\W_]+", "-", folders[-1].lower()).strip("-"))
    return Place(form, file) if form else Skipped("in a folder without a form's name")


def is_folder(name: str) -> bool:
    """Whether an entry stands for a folder and not for a file."""
    return name.replace("\\", "/").endswith("/")


def _parts(name: str) -> list[str]:
    # Some Windows programs write their own separator, and some readers take it for one.
    plain = unicodedata.normalize("NFC", name.replace("\\", "/"))
    wrong = next((sign for sign in plain if unicodedata.category(sign) in ("Cc", "Cs")), None)
    if wrong is not None:
        raise UnsafeName(f"has the control character U+{ord(wrong):04X} in it")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain):
        raise UnsafeName("is an absolute path")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafeName("leads out of its folder")
    if not parts:
        raise UnsafeName("names no file")
    if any(len(part.encode()) > MAX_NAME for part in parts):
        raise UnsafeName(f"has a part of more than {MAX_NAME} bytes")
    return parts
