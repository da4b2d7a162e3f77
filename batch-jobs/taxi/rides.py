"""Reads a month's file as the city publishes it, and keeps the valid rides. Column types differ between months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NotRequired, TypedDict

import polars as pl

from millrace_job import FatalError

if TYPE_CHECKING:
    from pathlib import Path

PICKUP, DROPOFF = "lpep_pickup_datetime", "lpep_dropoff_datetime"
ZONES = ("PULocationID", "DOLocationID")
NUMBERS = (*ZONES, "trip_distance")
COLUMNS = (PICKUP, DROPOFF, *NUMBERS)
MIN_MINUTES, MAX_MINUTES = 1, 60


class MonthFile(TypedDict):
    """The rides of a month: an object at one version."""

    uri: str
    versionId: NotRequired[str]
    bytes: int
    year: int
    month: int


class Dropped(TypedDict):
    """The number of rows that aren't rides of the month, by reason. If several apply, the first one counts."""

    incomplete: int
    otherMonth: int
    duration: int


class Rows(TypedDict):
    """How many of a month's rows were kept, and how many dropped."""

    read: int
    kept: int
    dropped: Dropped


@dataclass(frozen=True)
class Rides:
    """Rides of a month. `row` is the row in the file, `PU_DO` the route, and `duration` the duration in minutes."""

    frame: pl.DataFrame
    rows: Rows


def read_rides(path: Path, file: MonthFile) -> Rides:
    """The rides of a month's file that have a time, zones and a distance, and took a minute to an hour.

    Raises:
        FatalError: the file isn't a parquet file, lacks a column, or has a column of another type.
    """
    start = datetime(file["year"], file["month"], 1)  # noqa: DTZ001 - the city's times are local and have no zone
    frame = _read(path, file).with_row_index("row").with_columns(pl.col(NUMBERS).cast(pl.Float64).fill_nan(None))
    complete = frame.drop_nulls(COLUMNS).with_columns(pl.col(ZONES).cast(pl.Int64))
    seconds = complete.select((pl.col(DROPOFF) - pl.col(PICKUP)).dt.total_seconds()).to_series()
    # NumPy divides by 60. Polars would multiply by 1/60, which gives another last bit.
    complete = complete.with_columns(duration=seconds.to_numpy() / 60)
    of_month = complete.filter(pl.col(PICKUP).dt.month_start().dt.date() == start.date())
    rides = of_month.filter(pl.col("duration").is_between(MIN_MINUTES, MAX_MINUTES))
    dropped: Dropped = {
        "incomplete": frame.height - complete.height,
        "otherMonth": complete.height - of_month.height,
        "duration": of_month.height - rides.height,
    }
    if rides.is_empty():
        raise FatalError(
            f"{file['uri']} has no ride of {start:%Y-%m} that took {MIN_MINUTES} to {MAX_MINUTES} minutes "
            f"among its {frame.height:,} rows: check that it is that month's file"
        )
    route = pl.concat_str(*ZONES, separator="_")
    kept: Rows = {"read": frame.height, "kept": rides.height, "dropped": dropped}
    return Rides(rides.drop(DROPOFF).with_columns(PU_DO=route), kept)


def _read(path: Path, file: MonthFile) -> pl.DataFrame:
    try:
        schema = pl.read_parquet_schema(path)
    except pl.exceptions.PolarsError as error:
        raise FatalError(f"{file['uri']} is no parquet file that can be read ({error}): upload it again") from error
    missing = [name for name in COLUMNS if name not in schema]
    if missing:
        raise FatalError(
            f"{file['uri']} has no column {', '.join(missing)}: give a file of the green taxis, which has "
            f"{', '.join(COLUMNS)}"
        )
    for name, kind in schema.items():
        wanted = "a number" if name in NUMBERS else "a time without a zone"
        fits = kind.is_numeric() if name in NUMBERS else isinstance(kind, pl.Datetime) and kind.time_zone is None
        if name in COLUMNS and not fits:
            raise FatalError(
                f"{file['uri']}: column {name} is {kind}, and not {wanted}: convert it, or upload it again"
            )
    return pl.read_parquet(path, columns=list(COLUMNS))
