"""The command `ctr`."""

from __future__ import annotations

import argparse
import re
from datetime import date, datetime
from typing import TYPE_CHECKING

from data.ctr.poison import (
    BINARY_BYTES_A_ROW,
    KEPT_SHARE_OF_TRUNCATED,
    KINDS,
    MIN_ROWS,
    poison_columns,
    random_bytes,
)
from data.ctr.rows import Period, Rows
from data.numbers import seed, whole_number
from data.output import GZIP_SUFFIX, STANDARD_OUTPUT, open_output
from data.progress import Progress
from data.text import CsvEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.text import Texts

MAX_ROWS = 10**10
MAX_DAYS = 3660
DRIFTS = ("clicks", "categories")

EXAMPLES = """examples:
  npm run data -- ctr --rows 1000000 --seed 1 --out ctr.csv.gz
  npm run data -- ctr --rows 100000 --seed 2 --days 1 --first-day 2014-10-31 --drift clicks:1 --out day.csv
  npm run data -- ctr --rows 1000 --seed 3 --poison click-of-two --out bad.csv
  npm run --silent data -- ctr --rows 10 --seed 4 --out -

poison:
"""


def add_command(generators: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `ctr` to the generators."""
    parser = generators.add_parser(
        "ctr",
        help="click-through rows with Avazu's 24 columns",
        description="Click-through rows with Avazu's 24 columns, in the order of time. The same arguments give the "
        "same rows on every machine.",
        epilog=EXAMPLES + "\n".join(f"  {kind:<16} {what}" for kind, what in KINDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=_rows, required=True, metavar="N", help="how many rows")
    parser.add_argument(
        "--seed", type=seed, required=True, metavar="S", help="0 or more; draws the rows, not the world"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="a .csv or .csv.gz file, or - for standard output")
    parser.add_argument("--days", type=_days, default=10, metavar="D", help="days that the rows span (default 10)")
    parser.add_argument(
        "--first-day",
        type=_day,
        default=date(2014, 10, 21),
        metavar="DAY",
        help="YYYY-MM-DD or YYMMDD (default 2014-10-21)",
    )
    parser.add_argument(
        "--drift",
        type=_drift,
        action="append",
        default=[],
        metavar="WHAT:DAYS",
        help="clicks:8 or categories:8-10: on these days (from 1) clicks follow another model, or ids appear that were "
        "never seen; may be given again",
    )
    parser.add_argument("--poison", choices=KINDS, metavar="KIND", help="make a file with one thing wrong with it")
    parser.set_defaults(run=lambda asked: run(asked, parser))


def run(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Makes the file that the arguments describe."""
    _check(asked, parser)
    drifts = {what: frozenset(day for kind, days in asked.drift if kind == what for day in days) for what in DRIFTS}
    rows = Rows(asked.rows, asked.seed, Period(asked.first_day, asked.days, drifts["clicks"], drifts["categories"]))
    kept_share = KEPT_SHARE_OF_TRUNCATED if asked.poison == "truncated-gzip" else 1.0
    progress = Progress(asked.rows)
    with open_output(asked.out, kept_share=kept_share) as write:
        for done, data in content(rows, asked.rows, asked.seed, asked.poison):
            write(data)
            progress(done)
    progress.end(f"{asked.out}: {f'{asked.rows:,} rows' if asked.poison is None else KINDS[asked.poison]}")


def content(rows: Rows, count: int, seed: int, poison: str | None = None) -> Iterator[tuple[int, bytes]]:
    """The file's bytes in pieces, each with the number of rows made so far."""
    if poison == "empty":
        return
    if poison == "binary":
        yield count, random_bytes(seed, count * BINARY_BYTES_A_ROW)
        return
    encoder = CsvEncoder(b";" if poison == "wrong-delimiter" else b",")
    for chunk in rows.chunks():
        columns: dict[str, Texts] = poison_columns(poison, chunk.columns, chunk.first_row, rows, count)
        if chunk.first_row == 0:
            mark = b"\xef\xbb\xbf" if poison == "byte-order-mark" else b""
            yield 0, mark + encoder.header(columns)
            if poison == "header-only":
                return
        yield chunk.first_row + len(chunk.clicks), encoder.lines(columns)


def _check(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    gzipped = asked.out.endswith(f".csv{GZIP_SUFFIX}")
    if asked.out != STANDARD_OUTPUT and not gzipped and not asked.out.endswith(".csv"):
        parser.error(f"--out {asked.out}: give a name that ends in .csv or .csv.gz, or - for standard output")
    if asked.poison == "truncated-gzip" and not gzipped:
        parser.error(f"--out {asked.out}: a truncated gzip file needs a name that ends in .csv.gz")
    if asked.poison is not None and asked.rows < MIN_ROWS:
        parser.error(f"--rows {asked.rows}: poison needs at least {MIN_ROWS} rows")
    for kind, days in asked.drift:
        if days[-1] > asked.days:
            parser.error(f"--drift {kind}: day {days[-1]} is after the last of {asked.days}; days count from 1")


def _rows(text: str) -> int:
    return whole_number(text, 1, MAX_ROWS)


def _days(text: str) -> int:
    return whole_number(text, 1, MAX_DAYS)


def _day(text: str) -> date:
    """A day of this century: the column `hour` has two digits for the year."""
    for form in ("%Y-%m-%d", "%y%m%d"):
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if 2000 <= day.year < 2090:
            return day
    raise argparse.ArgumentTypeError(f"{text!r} is not a day from 2000 to 2089, such as 2014-10-21 or 141021")


def _drift(text: str) -> tuple[str, range]:
    match = re.fullmatch(r"(clicks|categories):(\d{1,4})(?:-(\d{1,4}))?", text, flags=re.ASCII)
    if match is not None:
        first = int(match[2])
        last = int(match[3] or first)
        if 1 <= first <= last:
            return match[1], range(first, last + 1)
    raise argparse.ArgumentTypeError(f"{text!r} is not a drift and its days, such as clicks:8 or categories:8-10")
