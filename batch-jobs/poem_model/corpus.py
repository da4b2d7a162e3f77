"""Reads the poems of one form from a lake, in the order of its catalogue."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from millrace_job import FatalError, ObjectForbidden, ObjectNotFound
from millrace_job.digest import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millrace_job import Artifact, Context

# Number of parallel reads. Each one waits some tens of milliseconds for S3.
THREADS = 16


class Catalogue(TypedDict):
    """A lake's table of all poems, as its manifest describes it."""

    uri: str
    sha256: str
    bytes: int


class Poems(TypedDict):
    """The poems of one form."""

    lake: str
    catalogue: Catalogue
    form: str


@dataclass(frozen=True)
class Poem:
    """A poem's file, as the catalogue lists it."""

    uri: str
    sha256: str


def read_poems(poems: Poems, context: Context) -> Iterator[str]:
    """The texts, in order. All line ends become line feeds, and bytes that aren't UTF-8 become U+FFFD.

    Raises:
        FatalError: the lake has no such form, or a poem differs from what the catalogue says.
    """
    found = _find(poems, context)

    def read(poem: Poem) -> str:
        return _read(poem, context)

    with ThreadPoolExecutor(THREADS, "read") as pool:
        for number, text in enumerate(pool.map(read, found)):
            context.progress((number + 1) / len(found), f"{number + 1:,} of {len(found):,} poems")
            yield text


def _find(poems: Poems, context: Context) -> list[Poem]:
    catalogue, form = poems["catalogue"], poems["form"]
    table: Artifact = {
        "uri": catalogue["uri"],
        "sha256": catalogue["sha256"],
        "bytes": catalogue["bytes"],
        "mediaType": "text/csv",
    }
    forms: set[str] = set()
    found: list[Poem] = []
    with context.artifacts.fetch(table).open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            forms.add(row["form"])
            if row["form"] == form:
                found.append(Poem(f"{poems['lake']}{form}/{row['file']}", row["sha256"]))
    if not found:
        raise FatalError(f"{poems['lake']} has no poems of the form {form}; its forms are: {', '.join(sorted(forms))}")
    return found


def _read(poem: Poem, context: Context) -> str:
    remedy = "start poem-datalake with the archive again, under another folder if need be"
    try:
        with context.artifacts.open(poem.uri) as stream:
            content = stream.read()
    except (ObjectNotFound, ObjectForbidden) as error:
        raise FatalError(f"{error}, though the lake's catalogue names it: {remedy}") from error
    if sha256_of(content) != poem.sha256:
        raise FatalError(f"{poem.uri} is not the poem that the lake's catalogue names: {remedy}")
    text = content.decode("utf-8-sig", errors="replace")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()
