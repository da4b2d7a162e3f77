"""The job `ctr.validate`. Polars is imported where it is used, so the family's other jobs start without it."""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, NotRequired, TypedDict

from ctr.validation.checks import FAILED, Check, Limits, checks_of
from ctr.validation.errors import InvalidData
from millrace_job import Artifact, Context, ObjectForbidden, ObjectNotFound, ObjectReference, base_name, job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctr.validation.categories import Categories
    from ctr.validation.repeats import IdLedger
    from ctr.validation.source import Source
    from ctr.validation.tally import Tally

# The last hundredth of the progress is for the checks of the whole file and for the artifacts.
READ_FRACTION = 0.99


class ValidateInput(TypedDict):
    file: ObjectReference
    champion: Artifact | None
    limits: Limits


class ValidatedFile(TypedDict):
    uri: str
    versionId: NotRequired[str]
    sha256: str
    bytes: int
    rows: int


class ValidateOutput(TypedDict):
    file: ValidatedFile
    clicks: int
    clickRate: float
    firstHour: str
    lastHour: str
    unseenShare: dict[str, float] | None
    profile: Artifact
    report: Artifact


@job("ctr.validate")
def validate(input: ValidateInput, context: Context) -> ValidateOutput:
    """Reads a file once and describes it, or refuses it and names the column, the line and what to do.

    Nothing is written before everything is checked.

    Raises:
        InvalidData: the file must not be used for training.
        FatalError: the champion's profile isn't a profile.
    """
    from ctr.validation.repeats import IdLedger
    from ctr.validation.source import Source
    from ctr.validation.tally import Tally

    file = input["file"]
    try:
        stored = context.artifacts.stat(file)
        # Without a version, the newest one is read, and the output names it. So training uses exactly this version,
        # even if another one is dropped meanwhile.
        pinned: ObjectReference = {"uri": file["uri"]}
        if stored.version_id is not None:
            pinned["versionId"] = stored.version_id
        tally = Tally(_champion(input["champion"], context))
        with context.artifacts.open(pinned) as stream, IdLedger(context.scratch / "ids") as ledger:
            source = Source(stream, file["uri"])
            _read(source, stored.bytes, tally, ledger, context)
            checks = checks_of(tally, ledger.repeats(), input["limits"])
    except ObjectNotFound as error:
        raise InvalidData(f"{error}. Drop the file again.") from error
    except ObjectForbidden as error:
        raise InvalidData(f"{error}. Drop the file again, or allow the job's role to read it.") from error
    _refuse_if_failed(checks, file["uri"])

    profile = tally.profile()
    output: ValidateOutput = {
        "file": {**pinned, "sha256": source.sha256, "bytes": source.bytes, "rows": tally.rows},
        "clicks": tally.clicks,
        "clickRate": tally.clicks / tally.rows,
        "firstHour": profile.first_hour,
        "lastHour": profile.last_hour,
        "unseenShare": None
        if tally.unseen is None
        else {column: round(unseen.share, 6) for column, unseen in tally.unseen.items()},
        "profile": context.artifacts.write_bytes("profile.json", profile.to_json()),
        "report": context.report.table("checks", [check.row() for check in checks]),
    }
    context.progress(1, f"{base_name(file['uri'])}: {tally.rows:,} rows are right")
    return output


def _champion(profile: Artifact | None, context: Context) -> Mapping[str, Categories] | None:
    from ctr.validation.profile import read_categories

    return None if profile is None else read_categories(context.artifacts.fetch(profile), profile["uri"])


def _read(source: Source, size: int, tally: Tally, ledger: IdLedger, context: Context) -> None:
    """Reads the whole object into the tally and the ledger. Raises InvalidData at the first wrong row."""
    from ctr.background import ahead
    from ctr.validation.header import take_header
    from ctr.validation.rows import RowReader

    reader = RowReader(source.name)
    # The next block is fetched, hashed and inflated while this one is checked.
    with closing(ahead(source.blocks(), 1)) as blocks:
        first = next(blocks, None)
        if first is None:
            raise InvalidData(f"{source.name} is empty. Drop a CSV file with its columns and rows.")
        for block in chain((take_header(first, source.name),), blocks):
            if block.data:
                rows = reader.read(block)
                tally.add(rows)
                ledger.add(rows.ids, rows.first_line)
                context.progress(min(source.bytes / size, 1) * READ_FRACTION, f"{tally.rows:,} rows read")
    if tally.rows == 0:
        raise InvalidData(f"{source.name} has a header in line 1 and no rows. Drop a file with rows.")


def _refuse_if_failed(checks: list[Check], name: str) -> None:
    faults = [check.fault for check in checks if check.verdict == FAILED]
    if faults:
        raise InvalidData(f"{name}: " + "\n".join(faults))
