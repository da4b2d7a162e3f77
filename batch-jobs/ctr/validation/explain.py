"""Finds the first wrong line of a block. It is slow, plain Python, but runs only for a file that is wrong."""

from __future__ import annotations

import csv

from ctr.columns import COLUMNS
from ctr.validation.errors import REMEDY, InvalidData
from ctr.validation.rules import CATEGORY_COLUMNS, KINDS, WANTED, is_right
from ctr.validation.source import Block

SHOWN_CHARACTERS = 60


def explain(block: Block, last_hour: str, name: str, reason: str) -> InvalidData:
    """The error for a block that is wrong.

    Args:
        block: the lines of the block.
        last_hour: the hour of the row before the block, or an empty text.
        name: the name of the file.
        reason: the message if no wrong line is found.
    """
    for number, line in enumerate(block.data.removesuffix(b"\n").split(b"\n"), start=block.first_line):
        fault, last_hour = _fault(line, last_hour)
        if fault is not None:
            return InvalidData(f"{name}, line {number}{fault}")
    last = block.first_line + block.data.count(b"\n")
    return InvalidData(f"{name}, lines {block.first_line} to {last} can't be read: {reason}. {REMEDY}")


def _fault(line: bytes, last_hour: str) -> tuple[str | None, str]:
    """What is wrong with a line (None if nothing is), and the line's hour."""
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        fault = f": byte 0x{line[error.start]:02x} is not UTF-8 text. Save the file as CSV (UTF-8) and drop it again."
        return fault, last_hour
    if not text:
        return f" is empty. Remove it, and drop the file again. ({len(COLUMNS)} columns belong there.)", last_hour
    if "\r" in text:
        return ": a carriage return stands within the line. Save the file with line ends \\n or \\r\\n.", last_hour
    try:
        # Strict, so that a quote that is never closed is an error of its own line.
        values = next(csv.reader([text], strict=True))
    except csv.Error:
        return f"{_quoted_column(text)}: a quote is never closed, or stands within a value. {REMEDY}", last_hour
    if len(values) != len(COLUMNS):
        found = f"{len(values)} column{'' if len(values) == 1 else 's'}"
        return f" has {found} ({_show(text)}): exactly {len(COLUMNS)} belong there. {REMEDY}", last_hour
    for column, value in zip(COLUMNS, values, strict=True):
        if not value and column in CATEGORY_COLUMNS and '""' not in text:
            continue
        if not value:
            return f", column {column} is empty: give {WANTED[KINDS[column]]}. {REMEDY}", last_hour
        if not is_right(column, value):
            return f", column {column} is {_show(value)}: give {WANTED[KINDS[column]]}. {REMEDY}", last_hour
    hour = values[COLUMNS.index("hour")]
    if hour < last_hour:
        order = f", column hour is {hour}, before {last_hour} of the line above."
        return f"{order} Sort the rows by hour and drop the file again.", hour
    return None, hour


def _quoted_column(text: str) -> str:
    """The column that has the first quote."""
    place = text[: text.index('"')].count(",")
    return f", column {COLUMNS[place]}" if place < len(COLUMNS) else ""


def _show(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…")
