"""Counts the rows of a file while they are read. Its size depends on the number of categories, not of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctr.validation.categories import NONE, Categories
from ctr.validation.profile import Profile, value_of
from ctr.validation.rules import CATEGORY_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ctr.validation.rows import Rows


@dataclass
class Unseen:
    """How many rows have a category that the champion's data lacks. Counts only categories in the sample."""

    complete: bool
    """Whether the sample has all of the champion's categories. If not, the share is an estimate."""
    compared: int = 0
    unseen: int = 0
    example: str | int | None = None
    example_line: int = 0

    @property
    def share(self) -> float:
        return self.unseen / self.compared if self.compared else 0.0


class Tally:
    """Counts the rows of a file. If there is a champion, compares their categories with its data."""

    def __init__(self, champion: Mapping[str, Categories] | None) -> None:
        self.rows = 0
        self.clicks = 0
        self.nulls = dict.fromkeys(CATEGORY_COLUMNS, 0)
        self.first_null: dict[str, int] = {}
        """Line of the first missing value, by column."""
        self.unseen: dict[str, Unseen] | None = (
            None if champion is None else {column: Unseen(known.complete) for column, known in champion.items()}
        )
        self._champion = champion or {}
        self._hours = ("", "")
        self._categories = dict.fromkeys(CATEGORY_COLUMNS, NONE)

    def add(self, rows: Rows) -> None:
        """Counts the next rows."""
        self._hours = (self._hours[0] or rows.hours[0], rows.hours[1])
        self.rows += rows.count
        self.clicks += rows.clicks
        for column, nulls in rows.nulls().items():
            if nulls:
                self.nulls[column] += nulls
                self.first_null.setdefault(column, rows.first_null(column))
        for column in CATEGORY_COLUMNS:
            keys, counts = np.unique(rows.keys(column), return_counts=True)
            self._categories[column] = self._categories[column].union(keys)
            if self.unseen is not None:
                self._compare(self.unseen[column], self._champion[column], column, keys, counts, rows)

    def profile(self) -> Profile:
        """The profile of the rows so far."""
        return Profile(self.rows, self.clicks, *self._hours, self._categories)

    @staticmethod
    def _compare(
        unseen: Unseen,
        known: Categories,
        column: str,
        keys: NDArray[np.uint32],
        counts: NDArray[np.intp],
        rows: Rows,
    ) -> None:
        inside = known.samples(keys)
        new = inside & np.isin(keys, known.keys, invert=True)
        unseen.compared += int(counts[inside].sum())
        unseen.unseen += int(counts[new].sum())
        if unseen.example is None and new.any():
            key = int(keys[new][counts[new].argmax()])
            unseen.example, unseen.example_line = value_of(column, key), rows.line_of(column, key)
