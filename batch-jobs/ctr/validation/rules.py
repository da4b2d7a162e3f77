"""The values that each column may have."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ctr.columns import COLUMNS, FEATURE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["row id", "click", "hour", "hex id", "number"]

HEX_ID_COLUMNS = (
    "site_id",
    "site_domain",
    "site_category",
    "app_id",
    "app_domain",
    "app_category",
    "device_id",
    "device_ip",
    "device_model",
)
# The hour is a feature too, but every file has new hours.
CATEGORY_COLUMNS = tuple(column for column in FEATURE_COLUMNS if column != "hour")
HEX_ID_LENGTH = 8

_KINDS: dict[str, Kind] = {"id": "row id", "click": "click", "hour": "hour"}
KINDS: dict[str, Kind] = {
    column: _KINDS.get(column, "hex id" if column in HEX_ID_COLUMNS else "number") for column in COLUMNS
}
WANTED: dict[Kind, str] = {
    "row id": "a whole number from 0 to 2^64 - 1",
    "click": "0 or 1",
    "hour": "an hour as YYMMDDHH, such as 14102113",
    "hex id": "eight hex digits in lower case, such as 85f751fd",
    "number": "a whole number of 32 bits",
}


def is_hour(text: str) -> bool:
    """Whether the text is an existing hour in the form YYMMDDHH."""
    if re.fullmatch(r"\d{8}", text, flags=re.ASCII) is None:
        return False
    try:
        datetime.strptime(text, "%y%m%d%H")  # noqa: DTZ007 - the data does not say which zone
    except ValueError:
        return False
    return True


def is_right(column: str, text: str) -> bool:
    """Whether the column may have this value, which isn't empty."""
    return _RULES[KINDS[column]](text)


def _whole(least: int, most: int) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        return re.fullmatch(r"-?\d{1,30}", text, flags=re.ASCII) is not None and least <= int(text) <= most

    return holds


_RULES: dict[Kind, Callable[[str], bool]] = {
    "row id": _whole(0, 2**64 - 1),
    "click": _whole(0, 1),
    "hour": is_hour,
    "hex id": lambda text: re.fullmatch(f"[0-9a-f]{{{HEX_ID_LENGTH}}}", text) is not None,
    "number": _whole(-(2**31), 2**31 - 1),
}
