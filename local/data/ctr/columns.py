"""The columns: their order, how many values each has, how skewed they are and how a value is written.

Names, order, kinds of values and cardinalities are those of the Avazu data set (Kaggle, 2014). A column's values are
numbered by rank: 0 is the most frequent.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from data.draws import Zipf, mix32
from data.text import Texts, hexadecimal, texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMN_NAMES = (
    "id", "click", "hour", "C1", "banner_pos", "site_id", "site_domain", "site_category", "app_id", "app_domain",
    "app_category", "device_id", "device_ip", "device_model", "device_type", "device_conn_type",
    "C14", "C15", "C16", "C17", "C18", "C19", "C20", "C21",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A categorical column."""

    name: str
    categories: int
    exponent: float
    """Exponent of the Zipf distribution of its categories."""
    effect: float
    """Standard deviation, in logits, of its categories' effects on a click."""
    known: tuple[int, ...] | None = None
    """The values, where they are numbers; hex ids without."""

    @property
    def salt(self) -> int:
        """Makes the ids of one column differ from those of another."""
        return zlib.crc32(self.name.encode())

    @cached_property
    def distribution(self) -> Zipf:
        return Zipf(self.categories, self.exponent)

    def text(self, ranks: NDArray[np.intp]) -> Texts:
        """The values of these ranks. Ranks beyond the column's categories give ids that were never seen before."""
        if self.known is not None:
            return self._table.take(ranks)
        return hexadecimal(mix32(ranks.astype(np.uint32), self.salt))

    @cached_property
    def _table(self) -> Texts:
        return texts(self.known or ())


def _ids(name: str, categories: int, *, exponent: float = 1.0, effect: float = 0.0) -> Column:
    return Column(name, categories, exponent, effect)


def _numbers(name: str, values: tuple[int, ...], *, exponent: float = 1.0, effect: float = 0.0) -> Column:
    return Column(name, len(values), exponent, effect, values)


# Effects are chosen so that the click rate's log-loss of .453 falls to .40 for a linear model that has seen a million
# rows and to .38 for the true one. Published models of the real data are in this range (docs/data.md).
COLUMNS = (
    _numbers("C1", (1005, 1002, 1010, 1012, 1007, 1001, 1008), exponent=2.0, effect=0.1),
    _numbers("banner_pos", (0, 1, 7, 2, 4, 5, 3), exponent=1.5, effect=0.2),
    _ids("site_id", 4_700, effect=0.5),
    _ids("site_domain", 7_700, effect=0.4),
    _ids("site_category", 26, effect=0.2),
    _ids("app_id", 8_500, exponent=1.25, effect=0.4),
    _ids("app_domain", 560, exponent=1.5, effect=0.2),
    _ids("app_category", 36, exponent=1.25, effect=0.2),
    _ids("device_id", 2_600_000, exponent=1.0),
    _ids("device_ip", 6_700_000, exponent=0.75),
    _ids("device_model", 8_200, effect=0.3),
    _numbers("device_type", (1, 0, 4, 5, 2), exponent=2.0, effect=0.1),
    _numbers("device_conn_type", (0, 2, 3, 5), exponent=1.5, effect=0.1),
    _numbers("C14", tuple(range(375, 375 + 9 * 2_600, 9)), exponent=0.75, effect=0.4),
    _numbers("C15", (320, 300, 216, 728, 120, 1024, 480, 768), exponent=2.0, effect=0.1),
    _numbers("C16", (50, 250, 36, 480, 90, 20, 768, 320, 1024), exponent=2.0, effect=0.1),
    _numbers("C17", tuple(range(112, 112 + 6 * 435, 6)), effect=0.3),
    _numbers("C18", (0, 3, 2, 1), effect=0.1),
    _numbers("C19", tuple(range(33, 33 + 26 * 68, 26)), effect=0.2),
    _numbers("C20", (-1, *range(100_000, 100_171)), exponent=1.25, effect=0.2),
    _numbers("C21", tuple(range(13, 13 + 4 * 60, 4)), effect=0.2),
)
