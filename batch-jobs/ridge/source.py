"""Reads the CSV that a person dropped. If it isn't a valid CSV, says what is wrong with it."""

from __future__ import annotations

import csv
import io
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from millrace_job import FatalError, ObjectForbidden, ObjectNotFound
from ridge.dataset import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from millrace_job import Context, ObjectReference

# The whole file is read into memory. We measured a peak of 350 MiB, and 650 MiB if the last line is wrong. The job has
# 2 GiB.
MAX_BYTES = 50_000_000
# The test set is a quarter of the rows, rounded up. It needs two rows, because R² isn't defined for fewer.
MIN_ROWS = 5
SHOWN_CHARACTERS = 60
REMEDY = "Correct the file and drop it again."
EXPECTED = "a CSV with two columns, x and y"
# First bytes of formats that people take for a CSV.
SIGNATURES = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_source(source: ObjectReference, context: Context) -> NDArray[np.float64]:
    """The rows of the given object. Its size is checked before the download.

    Raises:
        FatalError: the object is missing, too large, or not a CSV of two columns of finite numbers.
    """
    uri = source["uri"]
    try:
        size = context.artifacts.stat(source).bytes
        if size > MAX_BYTES:
            raise FatalError(
                f"{uri} has {size / 1e6:,.0f} MB: at most {MAX_BYTES / 1e6:.0f} MB are read. "
                "Drop a smaller file, such as a sample of the rows."
            )
        with context.artifacts.open(source) as stream:
            return parse_source(stream.read(), uri)
    except ObjectNotFound as error:
        raise FatalError(f"{error}. Drop the file again.") from error
    except ObjectForbidden as error:
        raise FatalError(f"{error}. Drop the file again, or allow the job's role to read it.") from error


def parse_source(content: bytes, name: str) -> NDArray[np.float64]:
    """The rows of a CSV of two columns, with or without the header `x,y`, in the order x, y.

    The text is UTF-8, with or without a byte order mark, and has line ends of any kind. Empty lines are skipped.

    Raises:
        FatalError: the content is something else. The message names the file, the line, the column and the value.
    """
    text = _decode(content, name)
    header = _header(text, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # If there is only a header, the row count below gives a clearer error.
            data = np.loadtxt(_lines(text), delimiter=",", skiprows=header.lines, ndmin=2, comments=None, quotechar='"')
    except ValueError as error:
        _explain(text, name, header)
        raise FatalError(f"{name} is not {EXPECTED}: {error}. {REMEDY}") from error
    if len(data) and (data.shape[1] != len(COLUMNS) or not np.isfinite(data).all()):
        _explain(text, name, header)
        raise FatalError(f"{name} is not {EXPECTED} of finite numbers. {REMEDY}")
    if len(data) < MIN_ROWS:
        raise FatalError(
            f"{name} has {len(data)} row{'' if len(data) == 1 else 's'} of data: "
            f"at least {MIN_ROWS} are needed to split it. Drop a larger file."
        )
    return data[:, header.order]


@dataclass(frozen=True)
class _Header:
    """How many lines to skip, and which columns are x and y."""

    lines: int
    order: tuple[int, int]


def _decode(content: bytes, name: str) -> str:
    if not content.strip():
        raise FatalError(f"{name} is empty: drop {EXPECTED}.")
    for signature, kind in SIGNATURES.items():
        if content.startswith(signature):
            raise FatalError(f"{name} is {kind}, not {EXPECTED}: save it as CSV (UTF-8) and drop it again.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FatalError(
            f"{name}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8 text. "
            f"Save the file as CSV (UTF-8) and drop it again."
        ) from error
    if "\0" in text:
        raise FatalError(f"{name} holds binary data, not {EXPECTED}: save it as CSV (UTF-8) and drop it again.")
    return text


def _lines(text: str) -> io.StringIO:
    # newline=None also reads the line ends of Windows and of old Macs.
    return io.StringIO(text, newline=None)


def _header(text: str, name: str) -> _Header:
    for number, line in enumerate(_lines(text), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if any(_number(cell) is not None for cell in cells):
            return _Header(0, (0, 1))
        names = [cell.lower() for cell in cells]
        if sorted(names) != sorted(COLUMNS):
            raise FatalError(
                f"{name}, line {number}: {_show(line.strip())} is neither the header x,y nor two numbers "
                f"separated by a comma. {REMEDY}"
            )
        return _Header(number, (names.index("x"), names.index("y")))
    raise FatalError(f"{name} is empty: drop {EXPECTED}.")


def _explain(text: str, name: str, header: _Header) -> None:
    """Raises FatalError for the first wrong line. It is slow, but runs only for a file that is wrong."""
    for line, row in _rows(text, name):
        if line <= header.lines:
            continue
        if len(row) != len(COLUMNS):
            hint = " Separate them with a comma." if len(row) == 1 else ""
            raise FatalError(
                f"{name}, line {line} has {len(row)} column{'' if len(row) == 1 else 's'} "
                f"({_show(','.join(row))}): exactly two are needed, x and y.{hint} {REMEDY}"
            )
        for cell, position in zip(row, header.order, strict=True):
            value = _number(cell)
            if value is None or not math.isfinite(value):
                wrong = "empty" if not cell.strip() else f"{_show(cell)}, which is not a finite number"
                raise FatalError(f"{name}, line {line}, column {COLUMNS[position]} is {wrong}. {REMEDY}")


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_lines(text))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise FatalError(f"{name}, line {reader.line_num} can't be read as CSV: {error}. {REMEDY}") from error


def _number(cell: str) -> float | None:
    # float() also accepts 1_000, with the digit separator of Python's source code. In a file, that isn't a number.
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _show(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…")
