"""Reads blocks of lines as typed columns and checks every value: by the column, as that is what is fast.

All it says is whether a block is right. What is wrong with one that isn't, `explain.py` finds line by line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ctr.columns import COLUMNS
from ctr.validation.explain import explain
from ctr.validation.rules import CATEGORY_COLUMNS, HEX_ID_COLUMNS, HEX_ID_PATTERN, KINDS, is_hour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctr.validation.source import Block

_TYPES = {"row id": pl.UInt64, "click": pl.Int32, "hour": pl.String, "hex id": pl.String, "number": pl.Int32}
_SCHEMA = {column: _TYPES[kind] for column, kind in KINDS.items()}


@dataclass(frozen=True)
class Rows:
    """The rows of a block, all of them right. A row is a line: the first is that of `first_line`."""

    first_line: int
    frame: pl.DataFrame

    @property
    def count(self) -> int:
        return self.frame.height

    @property
    def clicks(self) -> int:
        return int(self.frame["click"].sum())

    @property
    def hours(self) -> tuple[str, str]:
        """The first and the last."""
        return self.frame["hour"][0], self.frame["hour"][-1]

    @property
    def ids(self) -> NDArray[np.uint64]:
        return self.frame["id"].to_numpy()

    def nulls(self) -> dict[str, int]:
        """How many values are missing, of each column that may miss some."""
        return self.frame.select(CATEGORY_COLUMNS).null_count().row(0, named=True)

    def first_null(self, column: str) -> int:
        """The line of the first missing value; call it only where there is one."""
        return self.first_line + int(self.frame[column].is_null().arg_max() or 0)

    def keys(self, column: str) -> NDArray[np.uint32]:
        """A number for each value that isn't missing: of a hex id its digits, of a number its bits."""
        values = self.frame[column].drop_nulls()
        if column in HEX_ID_COLUMNS:
            return values.str.to_integer(base=16, dtype=pl.UInt32).to_numpy()
        return values.to_numpy().view(np.uint32)

    def line_of(self, column: str, value: str | int) -> int:
        """The line of the first such value; call it only where there is one."""
        return self.first_line + int(self.frame[column].index_of(value) or 0)


class RowReader:
    """Reads one block after another; hours must not go back from one to the next."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last_hour = ""

    def read(self, block: Block) -> Rows:
        """The rows of the next block.

        Raises:
            InvalidData: names the first line that is wrong, its column and its value.
        """
        # The parser wants the last line to end: it panics at a quote as the very last byte.
        data = block.data if block.data.endswith(b"\n") else block.data + b"\n"
        try:
            frame = pl.read_csv(data, has_header=False, schema=_SCHEMA)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError) as error:
            raise explain(block, self._last_hour, self._name, str(error)) from error
        if not self._right(frame, data):
            raise explain(block, self._last_hour, self._name, "its rows are not what they should be")
        rows = Rows(block.first_line, frame)
        self._last_hour = rows.hours[1]
        return rows

    def _right(self, frame: pl.DataFrame, data: bytes) -> bool:
        # A quoted line end, an empty line or a row that is short must not shift what the rows after it are called.
        lines = data.count(b"\n")
        if frame.height != lines or data.count(b",") != lines * (len(COLUMNS) - 1):
            return False
        # The parser lets them be before a number, but a model would take "5" and " 5" for two categories.
        if any(blank in data for blank in (b" ", b"\t", b"+")) or data.count(b"\r") != data.count(b"\r\n"):
            return False
        if any(frame.select("id", "click", "hour").null_count().row(0)):
            return False
        if not all(is_hour(hour) for hour in frame["hour"].unique()):
            return False
        hours = frame["hour"]
        if hours[0] < self._last_hour or not hours.is_sorted():
            return False
        if not frame["click"].is_between(0, 1).all():
            return False
        # `all` leaves missing values out.
        return all(frame.select(pl.col(HEX_ID_COLUMNS).str.contains(HEX_ID_PATTERN).all()).row(0))
