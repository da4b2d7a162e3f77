"""The profile of a file, with which the next file is compared. The same rows give the same bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ctr.validation.categories import WHOLE, Categories
from ctr.validation.rules import CATEGORY_COLUMNS, HEX_ID_COLUMNS
from millrace_job import FatalError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

VERSION = 1
REMEDY = "Give the profile that ctr.validate wrote for the champion's data, or null."


@dataclass(frozen=True)
class Profile:
    """The facts about a file's rows that are stored."""

    rows: int
    clicks: int
    first_hour: str
    last_hour: str
    categories: Mapping[str, Categories]
    """The categories by column."""

    def to_json(self) -> bytes:
        """The profile as JSON, with hex ids as text and numbers as numbers. `sampled` is the share of a column's
        categories that is listed. `distinct` is the number of categories, an estimate if `sampled` is below 1.
        """
        columns = {
            column: {
                "sampled": found.share,
                "distinct": round(len(found.keys) / found.share),
                "categories": [value_of(column, key) for key in found.keys.tolist()],
            }
            for column, found in self.categories.items()
        }
        content = {
            "version": VERSION,
            "rows": self.rows,
            "clicks": self.clicks,
            "clickRate": self.clicks / self.rows,
            "firstHour": self.first_hour,
            "lastHour": self.last_hour,
            "columns": columns,
        }
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def read_categories(path: Path, name: str) -> dict[str, Categories]:
    """The categories in a profile that an earlier job wrote. `name` is used in the error.

    Raises:
        FatalError: the file isn't a profile, or has another version.
    """
    try:
        content: Any = json.loads(path.read_bytes())
        if content["version"] != VERSION:
            raise FatalError(
                f"champion {name} has version {content['version']!r}; {VERSION} is read. "
                "Validate the champion's data again, and give that profile."
            )
        return {column: _categories(column, content["columns"][column]) for column in CATEGORY_COLUMNS}
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise FatalError(f"champion {name} is not a profile ({type(error).__name__}: {error}). {REMEDY}") from error


def value_of(column: str, key: int) -> str | int:
    """The value that a key stands for."""
    return f"{key:08x}" if column in HEX_ID_COLUMNS else int(np.uint32(key).view(np.int32))


def _categories(column: str, content: Any) -> Categories:
    below = round(content["sampled"] * WHOLE)
    if not 0 < below <= WHOLE:
        raise ValueError(f"{column}.sampled is {content['sampled']!r}; give a share from 0 to 1")
    return Categories(np.unique(_keys(column, content["categories"])), below)


def _keys(column: str, values: list[Any]) -> NDArray[np.uint32]:
    if column in HEX_ID_COLUMNS:
        return np.array([int(value, 16) for value in values], dtype=np.uint32)
    return np.array(values, dtype=np.int32).view(np.uint32)
