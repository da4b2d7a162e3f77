"""Fills a lake from an archive: poems first, then their catalogue, the manifest last.

A lake is named after what is in it, the content of the archive and the folder taken from it, and what is there is never
written again. So a run that died goes on where it stopped, two at once do each other no harm, and the same archive
dropped again writes nothing. Only what has a manifest is a lake.
"""

from __future__ import annotations

import csv
import json
import time
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NotRequired, TypedDict

from millrace_job import ObjectForbidden, ObjectNotFound
from millrace_job.digest import sha256_of
from poems.language import guess_language

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from millrace_job import Context
    from poems.archive import Archive

# Part of a lake's name, so that a lake of another layout is another lake.
LAYOUT = 1
MANIFEST = "_manifest.json"
CATALOGUE = "_catalogue.csv"
COLUMNS = ("form", "file", "bytes", "sha256", "language")
TEXT = "text/plain"
# Puts under way at once. Each waits for S3 for some tens of milliseconds, and takes one or two of the interpreter: more
# threads would wait for one another.
THREADS = 16
MAX_WAITING = 4 * THREADS
MAX_WAITING_BYTES = 32 * 1024 * 1024


class Source(TypedDict):
    """The archive that a lake is made of: the first one of that content."""

    uri: str
    versionId: NotRequired[str]
    sha256: str
    bytes: int


class Form(TypedDict):
    """How many poems there are of a form, and in which languages, by a guess."""

    form: str
    files: int
    bytes: int
    languages: dict[str, int]


class SkippedFiles(TypedDict):
    """Files of the archive that are no poems."""

    reason: str
    files: int


class Catalogue(TypedDict):
    """The table of all poems."""

    uri: str
    sha256: str
    bytes: int


class Manifest(TypedDict):
    """What a lake holds; it follows from the archive alone."""

    version: int
    lake: str
    archive: Source
    folder: str
    files: int
    bytes: int
    forms: list[Form]
    skipped: list[SkippedFiles]
    catalogue: Catalogue


def lake_name(archive_sha256: str, folder: str) -> str:
    """The lake's folder, ending in `/`: 20 hex digits of a hash over what decides its content."""
    content = json.dumps([LAYOUT, folder, archive_sha256])
    return f"{sha256_of(content.encode())[:20]}/"


def read_manifest(lake: str, context: Context) -> Manifest | None:
    """The manifest of a lake that is whole; None for one that is not."""
    try:
        manifest: Manifest = json.loads(context.lake.read(f"{lake}{MANIFEST}"))
    except (ObjectNotFound, ObjectForbidden):
        return None
    return manifest


def fill(archive: Archive, source: Source, folder: str, context: Context) -> tuple[Manifest, int]:
    """Writes the poems that are not there yet, the catalogue and the manifest. Memory does not grow with the archive's
    bytes, and with its files by a few hundred bytes each.

    Returns:
        The manifest, and how many poems were written.

    Raises:
        ArchiveRefused: a file is damaged. What was written by then is in no manifest, and harms nobody.
    """
    lake = lake_name(source["sha256"], folder)
    there = {name for name, _ in context.lake.list(lake)}
    reporter = _ProgressReporter(
        len(archive.members), sum(member.info.file_size for member in archive.members), context
    )
    forms: dict[str, _Tally] = {}
    path = context.scratch / CATALOGUE
    with path.open("w", encoding="utf-8", newline="") as table, _Uploads() as uploads:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(COLUMNS)
        for member in archive.members:
            poem, place = archive.read(member), member.place
            sha256, language = sha256_of(poem), guess_language(poem.decode(errors="replace"))
            if place.key not in there:
                uploads.submit(len(poem), _put(context, f"{lake}{place.key}", poem, sha256))
            rows.writerow((place.form, place.file, len(poem), sha256, language))
            forms.setdefault(place.form, _Tally()).add(len(poem), language)
            reporter.one_more(len(poem))
        written = uploads.finish()
    manifest: Manifest = {
        "version": LAYOUT,
        "lake": context.lake.uri(lake),
        "archive": source,
        "folder": folder,
        "files": len(archive.members),
        "bytes": sum(tally.bytes for tally in forms.values()),
        "forms": [tally.described(form) for form, tally in sorted(forms.items())],
        "skipped": [{"reason": reason, "files": files} for reason, files in sorted(archive.skipped.items())],
        "catalogue": {
            "uri": context.lake.uri(f"{lake}{CATALOGUE}"),
            "sha256": sha256_of(path),
            "bytes": path.stat().st_size,
        },
    }
    context.lake.add(f"{lake}{CATALOGUE}", path, media_type="text/csv", sha256=manifest["catalogue"]["sha256"])
    body = json.dumps(manifest, ensure_ascii=False, indent=2).encode()
    if context.lake.add(f"{lake}{MANIFEST}", body, media_type="application/json"):
        return manifest, written
    # Another job has filled the same lake meanwhile.
    return read_manifest(lake, context) or manifest, written


class _Tally:
    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self.languages: Counter[str] = Counter()

    def add(self, size: int, language: str) -> None:
        self.files += 1
        self.bytes += size
        self.languages[language] += 1

    def described(self, form: str) -> Form:
        return {
            "form": form,
            "files": self.files,
            "bytes": self.bytes,
            "languages": dict(sorted(self.languages.items())),
        }


def _put(context: Context, name: str, poem: bytes, sha256: str) -> Callable[[], bool]:
    return lambda: context.lake.add(name, poem, media_type=TEXT, sha256=sha256)


class _Uploads:
    """Puts in threads, so many and so many bytes at a time: whoever submits more waits."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "upload")
        self._waiting: deque[tuple[int, Future[bool]]] = deque()
        self._waiting_bytes = 0
        self._written = 0

    def __enter__(self) -> _Uploads:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, size: int, put: Callable[[], bool]) -> None:
        """Raises what an earlier put raised."""
        while self._waiting and (len(self._waiting) >= MAX_WAITING or self._waiting_bytes + size > MAX_WAITING_BYTES):
            self._wait_for_first()
        self._waiting.append((size, self._pool.submit(put)))
        self._waiting_bytes += size

    def finish(self) -> int:
        """Waits for all puts, and returns how many of them wrote something."""
        while self._waiting:
            self._wait_for_first()
        return self._written

    def _wait_for_first(self) -> None:
        size, put = self._waiting.popleft()
        self._waiting_bytes -= size
        self._written += put.result()


class _ProgressReporter:
    """Tells how far the job is, how fast it goes, and how long it still takes at that pace."""

    def __init__(self, files: int, size: int, context: Context) -> None:
        self._files, self._bytes = files, size
        self._done = self._done_bytes = 0
        self._began = time.monotonic()
        self._context = context

    def one_more(self, size: int) -> None:
        self._done += 1
        self._done_bytes += size
        if self._done % 100 and self._done != self._files:
            return
        pace = self._done / max(time.monotonic() - self._began, 1e-3)
        self._context.progress(
            self._done / self._files,
            f"{self._done:,} of {self._files:,} files, {self._done_bytes / 1e6:,.1f} of {self._bytes / 1e6:,.1f} MB, "
            f"{pace:,.0f} files/s, {(self._files - self._done) / pace:,.0f} s left",
        )
