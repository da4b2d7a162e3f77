"""The first line: the 24 columns, in their order."""

from __future__ import annotations

import csv

from ctr.columns import COLUMNS
from ctr.validation.errors import REMEDY, InvalidData
from ctr.validation.source import Block

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
SHOWN_CHARACTERS = 60


def take_header(block: Block, name: str) -> Block:
    """The file's first block without its header.

    Raises:
        InvalidData: the first line isn't the names of the columns.
    """
    line, _, rest = block.data.partition(b"\n")
    where = f"{name}, line 1"
    if line.startswith(BYTE_ORDER_MARK):
        raise InvalidData(
            f"{where} begins with a byte order mark, so that its first column is not id. "
            "Save the file as UTF-8 without a byte order mark and drop it again."
        )
    text = _text(line)
    if text is None:
        raise InvalidData(f"{where} is binary data, not text. Save the data as CSV (UTF-8) and drop it again.")
    names = next(csv.reader([text]), [])
    if tuple(names) != COLUMNS:
        raise InvalidData(f"{where}: {_difference(names, text)}")
    return Block(2, rest)


def _text(line: bytes) -> str | None:
    """The line as text; None if it isn't printable UTF-8."""
    try:
        text = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return None
    return text if text.replace("\t", "").isprintable() else None


def _difference(names: list[str], text: str) -> str:
    """What is wrong with the header, and what to do."""
    for delimiter, called in OTHER_DELIMITERS.items():
        if text.count(delimiter) >= len(COLUMNS) // 2:
            return f"columns are separated by {called}. Save the file with commas and drop it again."
    if missing := [column for column in COLUMNS if column not in names]:
        if len(missing) > len(COLUMNS) // 2:
            return f"{_show(text)} is not the header {','.join(COLUMNS[:3])},…,{COLUMNS[-1]}. {REMEDY}"
        return f"column {', '.join(missing)} is missing. Add it and drop the file again."
    if unknown := [_show(column) for column in names if column not in COLUMNS]:
        return f"column {', '.join(unknown)} is not one of the {len(COLUMNS)}. Remove it and drop the file again."
    if twice := next((column for column in names if names.count(column) > 1), None):
        return f"column {twice} is there {names.count(twice)} times. Keep one and drop the file again."
    wrong, right = next((wrong, right) for wrong, right in zip(names, COLUMNS, strict=True) if wrong != right)
    return f"column {wrong} is where {right} belongs. Order the columns as {','.join(COLUMNS)} and drop the file again."


def _show(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…")
