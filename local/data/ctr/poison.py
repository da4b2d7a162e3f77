"""Files with one defect each, to test the checks of uploaded files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.draws import Bits

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.ctr.rows import Rows
    from data.text import Texts

    Columns = dict[str, Texts]

# Poison of a single value is in the middle row, so that row has to exist, with an hour before its own.
MIN_ROWS = 100

KINDS = {
    "truncated-gzip": "the last third of a .gz file is missing",
    "wrong-delimiter": "semicolons for commas",
    "missing-column": "C20 is missing",
    "extra-column": "a column C22 at the end",
    "binary": "random bytes",
    "byte-order-mark": "a UTF-8 byte order mark before the header",
    "click-of-two": "the row in the middle has a click of 2",
    "no-clicks": "every click is 0",
    "nulls": "device_model is empty in every row",
    "empty": "no bytes at all",
    "header-only": "a header and no rows",
    "open-quote": "in the row in the middle, site_domain begins with a quote that is never closed",
    "duplicate-ids": "the row in the middle has the id of the first",
    "unordered-hours": "the row in the middle has the hour of the first",
}
KEPT_SHARE_OF_TRUNCATED = 2 / 3
BINARY_BYTES_A_ROW = 64


def poisoned_row(rows: int) -> int:
    """The row (from 0) that contains poison of a single value."""
    return rows // 2


def poison_columns(kind: str | None, columns: Columns, first_row: int, rows: Rows, count: int) -> Columns:
    """The columns of a chunk, poisoned if the poison affects columns; `count` is the file's number of rows."""
    if kind is None or kind not in _COLUMN_POISONS:
        return columns
    size = len(columns["id"])
    at = poisoned_row(count) - first_row
    return _COLUMN_POISONS[kind](dict(columns), at if 0 <= at < size else None, rows)


def random_bytes(seed: int, size: int) -> bytes:
    """Bytes that are not text at all."""
    return Bits(seed).take(size // 8 + 1).astype("<u8").tobytes()[:size]


def _missing_column(columns: Columns, _at: int | None, _rows: Rows) -> Columns:
    del columns["C20"]
    return columns


def _extra_column(columns: Columns, _at: int | None, _rows: Rows) -> Columns:
    return {**columns, "C22": columns["C18"]}


def _no_clicks(columns: Columns, _at: int | None, _rows: Rows) -> Columns:
    return {**columns, "click": np.full_like(columns["click"], b"0")}


def _nulls(columns: Columns, _at: int | None, _rows: Rows) -> Columns:
    return {**columns, "device_model": np.full_like(columns["device_model"], b"")}


def _click_of_two(columns: Columns, at: int | None, _rows: Rows) -> Columns:
    return _replaced(columns, "click", at, b"2")


def _open_quote(columns: Columns, at: int | None, _rows: Rows) -> Columns:
    return columns if at is None else _replaced(columns, "site_domain", at, b'"' + columns["site_domain"][at])


def _duplicate_ids(columns: Columns, at: int | None, rows: Rows) -> Columns:
    return _replaced(columns, "id", at, rows.ids(np.zeros(1, dtype=np.uint64))[0])


def _unordered_hours(columns: Columns, at: int | None, rows: Rows) -> Columns:
    return _replaced(columns, "hour", at, rows.first_hour)


def _replaced(columns: Columns, name: str, at: int | None, value: bytes) -> Columns:
    if at is None:
        return columns
    changed = columns[name].astype(f"S{max(columns[name].itemsize, len(value))}")
    changed[at] = value
    return {**columns, name: changed}


_COLUMN_POISONS: dict[str, Callable[[Columns, int | None, Rows], Columns]] = {
    "missing-column": _missing_column,
    "extra-column": _extra_column,
    "no-clicks": _no_clicks,
    "nulls": _nulls,
    "click-of-two": _click_of_two,
    "open-quote": _open_quote,
    "duplicate-ids": _duplicate_ids,
    "unordered-hours": _unordered_hours,
}
