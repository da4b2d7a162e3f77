"""The zip: its files, written to a stream that is never read back. The same arguments give the same bytes."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, cast

from data.poems.forms import FORMS, Draws, language_of, poem, title
from data.poems.poison import POISONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

# zip has no time before 1980. All files have the same time, so that the bytes are the same.
TIME = (1980, 1, 1, 0, 0, 0)
PIECE_BYTES = 1 << 20
# Files that people and systems leave in archives of texts.
DIRT = {"README.txt": b"Poems by form.\n", "forms/.DS_Store": b"\0\0\0\1Bud1", "forms/ode/notes.md": b"# to sort\n"}
# One in this many files has Windows line ends.
WINDOWS_EVERY = 50


def write_archive(
    files: int, size: int | None, seed: int, poison: str | None, write: Callable[[bytes], object]
) -> Iterator[int]:
    """Writes the zip, and yields the number of files made after each one."""
    sink = _Sink(write, POISONS[poison].replaced if poison else {})
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in DIRT.items():
            add(archive, name, content)
        for number, (name, content) in enumerate(_poems(files, size, seed)):
            add(archive, name, content)
            yield number + 1
            if poison is not None and number == files // 2:
                POISONS[poison].add(archive)
        if poison is not None:
            POISONS[poison].at_end(archive)
    sink.end()


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Adds a file with a fixed time, as a Unix program would."""
    info = zipfile.ZipInfo(name, TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    archive.writestr(info, content)


def _poems(files: int, size: int | None, seed: int) -> Iterator[tuple[str, bytes]]:
    draws = Draws(seed)
    for number in range(files):
        form = FORMS[draws.below(len(FORMS))]
        language = language_of(draws) if form != "haiku" else "en"
        least = 0 if size is None else size * (number + 1) // files - size * number // files
        texts = [poem(form, language, draws)]
        length = len(texts[0].encode())
        while length < least:
            texts.append(poem(form, language, draws))
            length += len(texts[-1].encode()) + 1
        content = "\n".join(texts).encode()
        if least:
            content = content[:least].decode(errors="ignore").encode()
        if number % WINDOWS_EVERY == 0:
            content = content.replace(b"\n", b"\r\n")
        words = title(language, draws).title().replace(" ", "")
        yield f"forms/{form}/{form.title()}Poems{words}-{number:06d}.txt", content


class _Sink:
    """Combines small writes, and replaces bytes if the poison needs bytes that no library writes."""

    def __init__(self, write: Callable[[bytes], object], replaced: dict[bytes, bytes]) -> None:
        self._write = write
        self._replaced = replaced
        self._piece = bytearray()

    def write(self, data: bytes) -> int:
        content = bytes(data)
        for found, other in self._replaced.items():
            content = content.replace(found, other)
        self._piece += content
        if len(self._piece) >= PIECE_BYTES:
            self.end()
        return len(content)

    def flush(self) -> None:
        """Does nothing."""
        # zipfile flushes after each file, which would cause a write for each.

    def end(self) -> None:
        """Passes the combined bytes on."""
        self._write(bytes(self._piece))
        self._piece.clear()
