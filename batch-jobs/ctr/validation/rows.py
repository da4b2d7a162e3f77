"""Reads blocks of lines as typed columns and checks every value. It works on whole columns, because that is fast.

It only decides whether a block is valid. If it isn't, `explain.py` looks for the wrong line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ctr.columns import COLUMNS
from ctr.validation.explain import explain
from ctr.validation.rules import CATEGORY_COLUMNS, HEX_ID_COLUMNS, HEX_ID_LENGTH, KINDS, is_hour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctr.validation.source import Block

COMMA, CAPITAL_A, CAPITAL_Z = b",AZ"
_TYPES = {"row id": pl.UInt64, "click": pl.Int32, "hour": pl.String, "hex id": pl.String, "number": pl.Int32}
_SCHEMA = {column: _TYPES[kind] for column, kind in KINDS.items()}


@dataclass(frozen=True)
class Rows:
    """The rows of a valid block. Each row is a line; `first_line` is the line number of the first row."""

    first_line: int
    frame: pl.DataFrame
    """The columns of the block. Hex ids are stored as numbers."""

    @property
    def count(self) -> int:
        return self.frame.height

    @property
    def clicks(self) -> int:
        return int(self.frame["click"].sum())

    @property
    def hours(self) -> tuple[str, str]:
        """The first hour and the last hour."""
        return self.frame["hour"][0], self.frame["hour"][-1]

    @property
    def ids(self) -> NDArray[np.uint64]:
        return self.frame["id"].to_numpy()

    def nulls(self) -> dict[str, int]:
        """The number of missing values of each column that may have missing values."""
        return self.frame.select(CATEGORY_COLUMNS).null_count().row(0, named=True)

    def first_null(self, column: str) -> int:
        """The line of the first missing value. Call it only if a value is missing."""
        return self.first_line + int(self.frame[column].is_null().arg_max() or 0)

    def keys(self, column: str) -> NDArray[np.uint32]:
        """A key for each value that isn't missing: a hex id as a number, or the bits of a number."""
        return self.frame[column].drop_nulls().to_numpy().view(np.uint32)

    def line_of(self, column: str, key: int) -> int:
        """The line of the first value with this key. Call it only if there is such a value."""
        values = self.frame[column]
        value = key if column in HEX_ID_COLUMNS else int(np.uint32(key).view(np.int32))
        return self.first_line + int(values.index_of(value) or 0)


class RowReader:
    """Reads one block after another. Hours must not go back within a block or between blocks."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last_hour = ""

    def read(self, block: Block) -> Rows:
        """The rows of the next block.

        Raises:
            InvalidData: names the first line that is wrong, its column and its value.
        """
        # The parser panics if the very last byte is a quote, so the last line must have an end.
        data = block.data if block.data.endswith(b"\n") else block.data + b"\n"
        try:
            text = pl.read_csv(data, has_header=False, schema=_SCHEMA)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError) as error:
            raise explain(block, self._last_hour, self._name, str(error)) from error
        frame = text.with_columns(pl.col(HEX_ID_COLUMNS).str.to_integer(base=16, dtype=pl.UInt32, strict=False))
        if not (_is_plain(data, text.height) and _are_hex_ids(text, frame) and self._are_events(frame)):
            raise explain(block, self._last_hour, self._name, "its rows are not what they should be")
        rows = Rows(block.first_line, frame)
        self._last_hour = rows.hours[1]
        return rows

    def _are_events(self, frame: pl.DataFrame) -> bool:
        """Whether every row has an id, a click, and an hour that isn't before the hour of the row above."""
        hours = frame["hour"]
        return (
            not any(frame.select("id", "click", "hour").null_count().row(0))
            and frame["click"].is_between(0, 1).all()
            and all(is_hour(hour) for hour in hours.unique())
            and hours[0] >= self._last_hour
            and hours.is_sorted()
        )


def _is_plain(data: bytes, rows: int) -> bool:
    """Whether each row has a value for each column, and the values contain only characters that are allowed.

    The parser accepts some wrong rows: short rows, blanks and signs before a number, hex digits in capitals. For a
    model, "5" and " 5" would be two categories.
    """
    # NumPy counts, because `bytes.count` is slow if there are many matches.
    text = np.frombuffer(data, dtype=np.uint8)
    return (
        np.count_nonzero(text == COMMA) == rows * (len(COLUMNS) - 1)
        and not any(character in data for character in (b" ", b"\t", b"+"))
        and not ((text >= CAPITAL_A) & (text <= CAPITAL_Z)).any()
        and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))
    )


def _are_hex_ids(text: pl.DataFrame, numbers: pl.DataFrame) -> bool:
    """Whether every hex id that isn't missing is valid: eight characters that form a number."""
    ids = pl.col(HEX_ID_COLUMNS)
    lengths = text.select((ids.str.len_bytes() == HEX_ID_LENGTH).all())
    same = text.select(ids.null_count()).row(0) == numbers.select(ids.null_count()).row(0)
    return same and all(lengths.row(0))
