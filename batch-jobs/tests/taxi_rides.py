"""Small months of generated rides for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.taxi.month import Month
from data.taxi.rides import Rides
from data.taxi.table import file_name, table

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from taxi.rides import MonthFile


def month_table(year: int, month: int, rows: int = 2_000, seed: int = 1) -> pl.DataFrame:
    """A generated month."""
    when = Month(year, month)
    return table(Rides(rows, seed, when), when)


def write_month(folder: Path, year: int, month: int, frame: pl.DataFrame | None = None, **changes: Any) -> MonthFile:
    """Writes a month's file and describes it as the pipelines do."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(Month(year, month))
    (month_table(year, month, **changes) if frame is None else frame).write_parquet(path)
    return {"uri": str(path), "bytes": path.stat().st_size, "year": year, "month": month}
