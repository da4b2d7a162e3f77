"""The checks of a file as a whole. They come after each row has been checked by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr.validation.repeats import Repeats
    from ctr.validation.tally import Tally, Unseen

PASSED, FAILED, NOT_JUDGED = "passed", "failed", "not judged"


class Limits(TypedDict):
    """The limits in the job's input. Shares are from 0 to 1."""

    minRows: int
    maxNullShare: float
    minClickRate: float
    maxClickRate: float
    maxUnseenShare: float


@dataclass(frozen=True)
class Check:
    """A line of the report, and the message if the check failed."""

    what: str
    value: float | str
    limit: str
    verdict: str
    fault: str = ""

    def row(self) -> dict[str, object]:
        """The check as a row of the report's table."""
        return {"check": self.what, "value": self.value, "limit": self.limit, "verdict": self.verdict}


def checks_of(tally: Tally, repeats: Repeats | None, limits: Limits) -> list[Check]:
    """All checks of a file whose rows are valid."""
    return [
        Check("columns, their order and their types", "as they should be", "in every row", PASSED),
        Check("hours in order", "as they should be", "in every row", PASSED),
        _rows(tally, limits["minRows"]),
        _click_rate(tally, limits["minClickRate"], limits["maxClickRate"]),
        _repeated_ids(repeats),
        *_nulls(tally, limits["maxNullShare"]),
        *_unseen(tally, limits["maxUnseenShare"]),
    ]


def _rows(tally: Tally, least: int) -> Check:
    return Check(
        "rows",
        tally.rows,
        f"at least {least}",
        _verdict(tally.rows >= least),
        f"it has {tally.rows:,} rows, up to line {tally.rows + 1}: at least {least:,} are asked for. "
        "Drop a larger file, or lower limits.minRows.",
    )


def _click_rate(tally: Tally, least: float, most: float) -> Check:
    rate = tally.clicks / tally.rows
    return Check(
        "click rate",
        round(rate, 6),
        f"{least} to {most}",
        _verdict(least <= rate <= most),
        f"column click: {tally.clicks:,} of the rows in lines 2 to {tally.rows + 1} are clicks, a rate of {rate:.4g}, "
        f"which is not from {least} to {most}. Look at how clicks were joined to the rows, "
        "or change limits.minClickRate and limits.maxClickRate.",
    )


def _repeated_ids(repeats: Repeats | None) -> Check:
    what, limit = "rows with the id of an earlier row", "none"
    if repeats is None:
        return Check(what, 0, limit, PASSED)
    return Check(
        what,
        repeats.count,
        limit,
        FAILED,
        f"column id, line {repeats.line}: {repeats.id} is the id of line {repeats.earlier_line} as well, "
        f"and {repeats.count:,} row{' has' if repeats.count == 1 else 's have'} an id that was there before. "
        "Remove the repeated rows and drop the file again.",
    )


def _nulls(tally: Tally, most: float) -> Iterator[Check]:
    for column, nulls in tally.nulls.items():
        share = nulls / tally.rows
        yield Check(
            f"missing in {column}",
            round(share, 6),
            f"at most {most}",
            _verdict(share <= most),
            f"column {column} is empty in {nulls:,} of {tally.rows:,} rows, first in line "
            f"{tally.first_null.get(column)}: a share of {share:.4g}, where at most {most} is allowed. "
            "Fill the column and drop the file again, or raise limits.maxNullShare.",
        )


def _unseen(tally: Tally, most: float) -> Iterator[Check]:
    for column, unseen in (tally.unseen or {}).items():
        yield Check(
            f"unseen in {column}",
            round(unseen.share, 6),
            f"at most {most}" if unseen.complete else "none: an estimate",
            _verdict(unseen.share <= most) if unseen.complete else NOT_JUDGED,
            _unseen_fault(column, unseen, most),
        )


def _unseen_fault(column: str, unseen: Unseen, most: float) -> str:
    return (
        f"column {column} has categories that the champion's data does not have in {unseen.unseen:,} of "
        f"{unseen.compared:,} rows, such as {unseen.example} in line {unseen.example_line}: a share of "
        f"{unseen.share:.4g}, where at most {most} is allowed. "
        "Look at where the ids come from, or raise limits.maxUnseenShare to train on them."
    )


def _verdict(passed: bool) -> str:
    return PASSED if passed else FAILED
