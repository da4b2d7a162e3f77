"""Rows in the order of time, in chunks, so that any number of them needs the same memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from data.ctr.clicks import ClickModel
from data.ctr.columns import COLUMN_NAMES, COLUMNS
from data.draws import Bits, mix63
from data.text import Texts, decimal, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# A seed's rows depend on this number: draws go chunk by chunk, and in a chunk column by column.
CHUNK_ROWS = 1 << 16
HOURS_A_DAY = 24
# Relative number of rows for each hour of a day, from midnight on.
TRAFFIC = (20, 22, 28, 34, 45, 50, 48, 48, 55, 58, 55, 52, 55, 60, 58, 56, 55, 55, 48, 38, 33, 30, 26, 22)
# On days whose categories drift, this share of the values of these columns are ids that were never seen before.
NEW_IDS_SHARE = 0.3
_CLICK_TEXTS = texts((0, 1))
NEW_IDS_COLUMNS = ("site_id", "site_domain", "app_id", "device_model")


@dataclass(frozen=True)
class Period:
    """The days of a file, and on which of them (from 1) the click model or the categories have drifted."""

    first_day: date
    days: int
    drifted_clicks: frozenset[int] = frozenset()
    drifted_categories: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows."""

    first_row: int
    columns: dict[str, Texts]
    """By name, in the file's order."""
    clicks: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    """How probable a click was, by the hidden model."""


class Rows:
    """`count` rows of a period. The same count, seed and period give the same rows everywhere."""

    def __init__(self, count: int, seed: int, period: Period) -> None:
        self._count = count
        self._seed = seed
        self._model = ClickModel()
        self._drifted_model = ClickModel(drifted=True) if period.drifted_clicks else self._model
        hours = range(period.days * HOURS_A_DAY)
        self._hour_texts = texts(
            f"{period.first_day + timedelta(hour // HOURS_A_DAY):%y%m%d}{hour % HOURS_A_DAY:02d}" for hour in hours
        )
        self._drifted_clicks = _of_days(period.drifted_clicks, period.days)
        self._drifted_categories = _of_days(period.drifted_categories, period.days)
        self._hour_ends = _hour_ends(count, period.days)

    @property
    def first_hour(self) -> bytes:
        """The hour of the first row, in the file's format."""
        return bytes(self._hour_texts[np.searchsorted(self._hour_ends, 0, side="right")])

    def chunks(self) -> Iterator[Chunk]:
        """All rows, from the first."""
        bits = Bits(self._seed)
        for first in range(0, self._count, CHUNK_ROWS):
            yield self._chunk(bits, first, min(CHUNK_ROWS, self._count - first))

    def ids(self, rows: NDArray[np.uint64]) -> Texts:
        """The ids of rows, by their numbers from 0. No two rows of a seed have the same id."""
        salt = int(Bits(self._seed ^ 1).take(1)[0])
        return decimal(mix63(rows, salt) + np.uint64(2**63))

    def _chunk(self, bits: Bits, first: int, size: int) -> Chunk:
        hours = np.searchsorted(self._hour_ends, np.arange(first, first + size), side="right")
        days = hours // HOURS_A_DAY
        drawn = {column.name: bits.take(size) for column in COLUMNS}
        ranks = {column.name: column.distribution.ranks(drawn[column.name]) for column in COLUMNS}
        self._bring_new_ids(ranks, drawn, self._drifted_categories.take(days))

        hour_of_day = hours % HOURS_A_DAY
        probabilities = self._model.probabilities(ranks, hour_of_day)
        drifted = self._drifted_clicks.take(days)
        if drifted.any():
            probabilities = np.where(drifted, self._drifted_model.probabilities(ranks, hour_of_day), probabilities)
        clicks = bits.take(size) >> np.uint64(32) < probabilities

        values = {column.name: column.text(ranks[column.name]) for column in COLUMNS}
        values["id"] = self.ids(np.arange(first, first + size, dtype=np.uint64))
        values["click"] = _CLICK_TEXTS.take(clicks)
        values["hour"] = self._hour_texts.take(hours)
        columns = {name: values[name] for name in COLUMN_NAMES}
        return Chunk(first, columns, clicks, probabilities / 2**32)

    @staticmethod
    def _bring_new_ids(
        ranks: dict[str, NDArray[np.intp]], drawn: dict[str, NDArray[np.uint64]], drifted: NDArray[np.bool_]
    ) -> None:
        if not drifted.any():
            return
        for column in COLUMNS:
            if column.name in NEW_IDS_COLUMNS:
                # The sixteen bits of a draw that the rank doesn't use.
                chance = drawn[column.name] >> np.uint64(32) & np.uint64(0xFFFF)
                new = drifted & (chance < int(NEW_IDS_SHARE * 2**16))
                ranks[column.name] += np.where(new, column.categories, 0)


def _hour_ends(count: int, days: int) -> NDArray[np.int64]:
    """The number of rows up to the end of each hour, rounded; in integers, like everything that determines the rows."""
    cumulative = [int(share) for share in np.cumsum(np.tile(TRAFFIC, days))]
    total = cumulative[-1]
    return np.array([(2 * count * share + total) // (2 * total) for share in cumulative])


def _of_days(days: frozenset[int], count: int) -> NDArray[np.bool_]:
    return np.array([day in days for day in range(1, count + 1)])
