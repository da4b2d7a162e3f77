"""The command `taxi`."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from data.numbers import seed, whole_number
from data.output import open_output
from data.progress import Progress
from data.taxi.month import FIRST_YEAR, LAST_YEAR, Month

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ROWS = 10**8
MAX_MONTHS = 240
SUFFIX = ".parquet"

EXAMPLES = """examples:
  npm run data -- taxi --month 2021-01 --months 3 --seed 1 --out taxi/
  npm run data -- taxi --month 2021-03 --rows 1000 --seed 2 --out march.parquet
"""


def add_command(generators: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `taxi` to the generators."""
    parser = generators.add_parser(
        "taxi",
        help="rides of New York's green taxis, a parquet file a month",
        description="Rides with the columns and the drifting types of the green taxis' files, 2 % of them dirty. The "
        "same seed gives the same rides of a month, whichever other months are made along with it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--month", type=_month, required=True, metavar="YYYY-MM", help="the first month")
    parser.add_argument("--months", type=_months, default=1, metavar="N", help="how many months (default 1)")
    parser.add_argument("--rows", type=_rows, default=50_000, metavar="N", help="rides a month (default 50000)")
    parser.add_argument(
        "--seed", type=seed, required=True, metavar="S", help="0 or more; draws the rides, not the city"
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR|FILE",
        help="a folder for files called green_tripdata_YYYY-MM.parquet, or a .parquet file for one month",
    )
    parser.set_defaults(run=lambda asked: run(asked, parser))


def run(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Makes the files that the arguments describe."""
    # Loaded only to write: other generators don't need it.
    from data.taxi.rides import Rides
    from data.taxi.table import parquet

    if asked.out.endswith(SUFFIX) and asked.months > 1:
        parser.error(f"--out {asked.out}: {asked.months} months need a folder, and not the name of a file")
    progress = Progress(asked.rows * asked.months)
    for made, (month, path) in enumerate(_files(asked), start=1):
        with open_output(str(path)) as write:
            write(parquet(Rides(asked.rows, asked.seed, month), month))
        progress(made * asked.rows)
    progress.end(f"{asked.out}: {asked.months} x {asked.rows:,} rides")


def _files(asked: argparse.Namespace) -> Iterator[tuple[Month, Path]]:
    from data.taxi.table import file_name

    out = Path(asked.out)
    if out.suffix == SUFFIX:
        yield asked.month, out
        return
    out.mkdir(parents=True, exist_ok=True)
    for later in range(asked.months):
        month = asked.month.later(later)
        yield month, out / file_name(month)


def _month(text: str) -> Month:
    match = re.fullmatch(r"(\d{4})-(\d{2})", text, flags=re.ASCII)
    if match is not None and FIRST_YEAR <= int(match[1]) <= LAST_YEAR and 1 <= int(match[2]) <= 12:
        return Month(int(match[1]), int(match[2]))
    raise argparse.ArgumentTypeError(f"{text!r} is not a month from {FIRST_YEAR}-01 to {LAST_YEAR}-12, such as 2021-03")


def _months(text: str) -> int:
    return whole_number(text, 1, MAX_MONTHS)


def _rows(text: str) -> int:
    return whole_number(text, 1, MAX_ROWS)
