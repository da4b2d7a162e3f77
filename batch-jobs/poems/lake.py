"""Fills a lake from an archive: first the poems, then the catalogue, and the manifest last.

A lake's name follows from its content: the archive's content and the folder that is taken from it. An object that
exists is never written again. So a run that died continues where it stopped, two runs at once do no harm, and the same
archive dropped again writes nothing. Without a manifest, the objects are not a lake.
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

# Part of a lake's name, so that another layout gives another lake.
LAYOUT = 1
MANIFEST = "_manifest.json"
CATALOGUE = "_catalogue.csv"
COLUMNS = ("form", "file", "bytes", "sha256", "language")
TEXT = "text/plain"
# Number of parallel puts. Each one waits some tens of milliseconds for S3, and uses the interpreter for one or two.
# More threads would wait for one another.
THREADS = 16
MAX_WAITING = 4 * THREADS
MAX_WAITING_BYTES = 32 * 1024 * 1024


class Source(TypedDict):
    """The archive from which a lake was made: the first one with that content."""

    uri: str
    versionId: NotRequired[str]
    sha256: str
    bytes: int


class Form(TypedDict):
    """The number of poems of a form, and their guessed languages."""

    form: str
    files: int
    bytes: int
    languages: dict[str, int]


class SkippedFiles(TypedDict):
    """The files of the archive that aren't poems."""

    reason: str
    files: int


class Catalogue(TypedDict):
    """The table of all poems."""

    uri: str
    sha256: str
    bytes: int


class Manifest(TypedDict):
    """The content of a lake. It follows from the archive alone."""

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
    """The lake's folder, ending in `/`: 20 hex digits of a hash over everything that decides its content."""
    content = json.dumps([LAYOUT, folder, archive_sha256])
    return f"{sha256_of(content.encode())[:20]}/"


def read_manifest(lake: str, context: Context) -> Manifest | None:
    """The manifest of a complete lake; None for an incomplete one."""
    try:
        manifest: Manifest = json.loads(context.lake.read(f"{lake}{MANIFEST}"))
    except (ObjectNotFound, ObjectForbidden):
        return None
    return manifest


def fill(archive: Archive, source: Source, folder: str, context: Context) -> tuple[Manifest, int]:
    """Writes the missing poems, the catalogue and the manifest. Memory grows by a few hundred bytes for each file, but
    not with the size of the files.

    Returns:
        The manifest, and the number of poems that were written.

    Raises:
        ArchiveRefused: a file is damaged. The objects written so far are in no manifest, so they do no harm.
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
    # Another job filled the same lake in the meantime.
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
    """Puts objects in threads. Their number and their total bytes are limited, and `submit` waits at the limit."""

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
        """Begins a put in a thread, after waiting if a limit is reached. Raises the exception of an earlier put."""
        while self._waiting and (len(self._waiting) >= MAX_WAITING or self._waiting_bytes + size > MAX_WAITING_BYTES):
            self._wait_for_first()
        self._waiting.append((size, self._pool.submit(put)))
        self._waiting_bytes += size

    def finish(self) -> int:
        """Waits for all puts, and returns how many of them wrote an object."""
        while self._waiting:
            self._wait_for_first()
        return self._written

    def _wait_for_first(self) -> None:
        size, put = self._waiting.popleft()
        self._waiting_bytes -= size
        self._written += put.result()


class _ProgressReporter:
    """Reports the progress of the job, its speed, and the time that is left at that speed."""

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
