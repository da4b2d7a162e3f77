"""Where an archive's file goes in the lake. Only its name decides, and names may come from an attacker."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

# Every file system to which a lake may be copied allows names of this many bytes.
MAX_NAME = 255
POEM_SUFFIX = ".txt"
# Archives that may unpack to more files. A lake is filled only from files that were checked.
ARCHIVE_SUFFIXES = frozenset(
    {".7z", ".bz2", ".cab", ".gz", ".iso", ".jar", ".rar", ".tar", ".tgz", ".xz", ".z", ".zip", ".zst"}
)
# Files that macOS and Windows leave in archives.
LEFT_BEHIND = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


class UnsafeName(ValueError):
    """A dangerous name. The message says what is wrong, in words that can follow the name."""


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
    """A file that isn't a poem, and the reason."""

    reason: str


def place_of(name: str, folder: str = "") -> Place | Skipped:
    """The place of a file that has the name `name` in its archive.

    The form is the name of the file's folder, in lower case, with `-` for all characters except letters and digits.
    Unicode is normalised (NFC), so that names that look equal are equal.

    Args:
        name: the name in the archive, with `/` or a backslash between its parts.
        folder: the archive's folder with the forms; empty for the whole archive.

    Raises:
        UnsafeName: the name leads out of its folder, is absolute, or isn't possible for a file.
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
    """Whether an entry is a folder and not a file."""
    return name.replace("\\", "/").endswith("/")


def _parts(name: str) -> list[str]:
    # Some Windows programs write a backslash as the separator, and some readers accept it.
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
