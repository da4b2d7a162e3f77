"""The jobs of poem-datalake. Modules that load slowly are imported where they are used."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, BinaryIO, NotRequired, TypedDict, cast

from millrace_job import Artifact, Context, FatalError, ObjectForbidden, ObjectNotFound, ObjectReference, job

if TYPE_CHECKING:
    from poems.archive import Limits
    from poems.lake import Manifest, SkippedFiles, Source
    from poems.sources import Address, Dataset

# The first bytes of a zip, and those of an empty zip.
ZIP_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")


class FetchInput(TypedDict):
    source: Address | Dataset
    maxBytes: int


FetchOutput = TypedDict("FetchOutput", {"archive": Artifact, "from": str, "requests": int})


class GivenArchive(TypedDict):
    uri: str
    versionId: NotRequired[str]
    sha256: NotRequired[str]


class UnzipInput(TypedDict):
    archive: GivenArchive
    folder: str
    limits: Limits


class FormSize(TypedDict):
    form: str
    files: int
    bytes: int


class UnzipOutput(TypedDict):
    lake: str
    manifest: Artifact
    sha256: str
    files: int
    bytes: int
    forms: list[FormSize]
    skipped: list[SkippedFiles]
    written: int
    report: Artifact


@job("poems.fetch")
def fetch(input: FetchInput, context: Context) -> FetchOutput:
    """Downloads a zip from an HTTPS address or from Kaggle. After a broken connection, it resumes."""
    from poems.download import download, shown
    from poems.sources import request_for

    source = input["source"]
    request = request_for(source)
    path = context.scratch / "archive.zip"

    def report(done: int, total: int | None) -> None:
        of_all = "" if total is None else f" of {total / 1e6:,.1f}"
        fraction = None if not total else min(done / total, 1)
        context.progress(fraction, f"{done / 1e6:,.1f}{of_all} MB")

    found = download(request, path, max_bytes=input["maxBytes"], sha256=source.get("sha256"), on_progress=report)
    with path.open("rb") as file:
        if not file.read(4).startswith(ZIP_BEGINNINGS):
            raise FatalError(f"{shown(request.url)} is no zip: see what a browser gets there. {request.on_refusal}")
    archive = context.artifacts.write_file("archive.zip", path)
    context.log.info("fetched", address=found.address, bytes=archive["bytes"], requests=found.requests)
    return {"archive": archive, "from": found.address, "requests": found.requests}


@job("poems.unzip")
def unzip(input: UnzipInput, context: Context) -> UnzipOutput:
    """Unpacks a zip into the lake: one file for each poem, in a folder for each form."""
    from poems.archive import open_archive
    from poems.lake import fill, lake_name, read_manifest

    given, folder = input["archive"], input["folder"]
    uri = given["uri"]
    with _opened(given, context) as stream:
        archive = open_archive(stream, uri, input["limits"], folder)
        if archive.unnamed:
            context.log.warning("names in an unknown encoding were read as code page 437", names=archive.unnamed)
        source = _source(given, stream)
        # The checksum has read the archive once. Filling the lake reads it a second time.
        manifest, written = read_manifest(lake_name(source["sha256"], folder), context), 0
        if manifest is None:
            manifest, written = fill(archive, source, folder, context)
    context.log.info("unpacked", lake=manifest["lake"], files=manifest["files"], written=written)
    return {
        "lake": manifest["lake"],
        "manifest": context.artifacts.write_text("lake.json", json.dumps(manifest, ensure_ascii=False, indent=2)),
        "sha256": source["sha256"],
        "files": manifest["files"],
        "bytes": manifest["bytes"],
        "forms": [{"form": each["form"], "files": each["files"], "bytes": each["bytes"]} for each in manifest["forms"]],
        "skipped": manifest["skipped"],
        "written": written,
        "report": context.report.table("forms", _rows(manifest)),
    }


def _opened(given: GivenArchive, context: Context) -> BinaryIO:
    try:
        return context.artifacts.open_seekable(cast("ObjectReference", given))
    except (ObjectNotFound, ObjectForbidden) as error:
        raise FatalError(f"{error}. Drop the archive again, or name another one.") from error


def _source(given: GivenArchive, stream: BinaryIO) -> Source:
    """The archive with its checksum, which names the lake. To compute it, the whole archive is read once."""
    stream.seek(0)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    if given.get("sha256", sha256) != sha256:
        raise FatalError(
            f"{given['uri']} has SHA-256 {sha256}, not {given.get('sha256')}: it is another archive than was fetched. "
            "Start a new run."
        )
    source: Source = {"uri": given["uri"], "sha256": sha256, "bytes": stream.tell()}
    if "versionId" in given:
        source["versionId"] = given["versionId"]
    return source


def _rows(manifest: Manifest) -> list[dict[str, object]]:
    return [
        {
            "form": form["form"],
            "files": form["files"],
            "bytes": form["bytes"],
            "languages": ", ".join(f"{language} {files}" for language, files in form["languages"].items()),
        }
        for form in manifest["forms"]
    ]
