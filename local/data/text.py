"""Columns of text as NumPy's byte strings, and rows of them as CSV.

A value that is shorter than its column is padded with zero bytes, which are deleted at the end. This is much faster
than joining strings, and no value contains a zero byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Texts: TypeAlias = NDArray[np.bytes_]

_HEX = np.array([f"{value:04x}".encode() for value in range(1 << 16)])
_DIGITS = np.array([f"{value:04d}".encode() for value in range(10_000)])
_LEADING_DIGITS = np.array([str(value).encode() for value in range(10_000)])
_TEN_THOUSAND = np.uint64(10_000)


def hexadecimal(values: NDArray[np.uint32]) -> Texts:
    """Eight lower-case hex digits of each value."""
    halves = np.empty(len(values), dtype=[("high", "S4"), ("low", "S4")])
    halves["high"] = _HEX.take(values >> np.uint32(16))
    halves["low"] = _HEX.take(values & np.uint32(0xFFFF))
    return halves.view("S8")


def decimal(values: NDArray[np.uint64]) -> Texts:
    """Decimal digits of values from 10^16 to 2^64, in five groups of four; the first has no leading zeros."""
    groups = np.empty(len(values), dtype=[(f"group{index}", "S4") for index in range(5)])
    for index in (4, 3, 2, 1):
        rest = values // _TEN_THOUSAND
        groups[f"group{index}"] = _DIGITS.take(values - rest * _TEN_THOUSAND)
        values = rest
    groups["group0"] = _LEADING_DIGITS.take(values)
    return groups.view("S20")


def texts(values: Iterable[object]) -> Texts:
    """Each value as its text."""
    return np.array([str(value).encode() for value in values])


class CsvEncoder:
    """Turns columns of text into lines of CSV. Values are written as they are, without quotes."""

    def __init__(self, delimiter: bytes = b",") -> None:
        self._delimiter = delimiter
        self._rows: NDArray[np.void] = np.empty(0, dtype=[])

    def header(self, names: Iterable[str]) -> bytes:
        """The line with the columns' names."""
        return self._delimiter.join(name.encode() for name in names) + b"\n"

    def lines(self, columns: Mapping[str, Texts]) -> bytes:
        """A line for each row of the columns, which have the same length."""
        rows = self._fitting(columns)
        for name, values in columns.items():
            rows[name] = values
        return rows.tobytes().translate(None, b"\0")

    def _fitting(self, columns: Mapping[str, Texts]) -> NDArray[np.void]:
        """An array for these columns, with delimiters in place. The last call's array is reused if it fits."""
        fields = [
            field for name, values in columns.items() for field in ((name, values.dtype), (f"after {name}", "S1"))
        ]
        length = len(next(iter(columns.values())))
        if self._rows.dtype != np.dtype(fields) or len(self._rows) != length:
            self._rows = np.empty(length, dtype=fields)
            *others, last = columns
            for name in others:
                self._rows[f"after {name}"] = self._delimiter
            self._rows[f"after {last}"] = b"\n"
        return self._rows
