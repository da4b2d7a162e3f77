"""The hidden truth: a logistic model of the click with an effect for each category, and one interaction.

It is the same for every seed, so that separately generated files fit together. Only drift changes it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from data.ctr.columns import COLUMNS
from data.draws import mix32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Effects are whole numbers of 1/256 logit: sums of integers are the same on every machine and in every order.
UNITS = 256
LIMIT = 8 * UNITS
# Makes the click rate .17 (a test holds it to .16 to .18).
INTERCEPT = int(-2.44 * UNITS)
INTERACTION = ("site_category", "banner_pos")
INTERACTION_EFFECT = 0.4
# Effect of the hour of the day, in 1/256 logit, from midnight on.
HOUR_EFFECTS = np.array(
    [26, 31, 33, 31, 23, 15, 5, -3, -10, -15, -15, -13, -10, -8, -5, -8, -10, -13, -15, -13, -8, 0, 10, 20]
)
# Drift changes the effects of these columns.
DRIFTING = ("site_id", "app_id", "C14", "C17", "device_model")
# Ids that only drift adds have effects as well: as many as the column's own ids.
TABLE_TIMES = 2


class ClickModel:
    """Gives the probability of a click as an integer: the share of 2^32."""

    def __init__(self, *, drifted: bool = False) -> None:
        generation = {name: int(drifted) for name in DRIFTING}
        self._effects = {
            column.name: _effects(column.salt + generation.get(column.name, 0), column.effect, column.categories)
            for column in COLUMNS
            if column.effect
        }
        first, second = (next(column for column in COLUMNS if column.name == name) for name in INTERACTION)
        self._second_size = second.categories * TABLE_TIMES
        self._interaction = _effects(first.salt ^ second.salt, INTERACTION_EFFECT, first.categories * self._second_size)

    def probabilities(self, ranks: Mapping[str, NDArray[np.intp]], hour: NDArray[np.intp]) -> NDArray[np.uint64]:
        """The probability for each row, from the ranks of its categories and its hour of the day (0 to 23)."""
        first, second = INTERACTION
        total = INTERCEPT + HOUR_EFFECTS.take(hour)
        total += self._interaction.take(ranks[first] * self._second_size + ranks[second])
        for name, effects in self._effects.items():
            total += effects.take(ranks[name])
        probabilities: NDArray[np.uint64] = LOGISTIC.take(np.clip(total, -LIMIT, LIMIT) + LIMIT)
        return probabilities


def _effects(salt: int, deviation: float, categories: int) -> NDArray[np.int64]:
    """Effects that are close to normal: sums of four bytes of a hash. A byte has a variance of (256² - 1) / 12."""
    mixed = mix32(np.arange(categories * TABLE_TIMES, dtype=np.uint32), (salt * 0x9E3779B1) & 0xFFFFFFFF)
    summed = mixed.astype("<u4").view(np.uint8).reshape(-1, 4).sum(axis=1, dtype=np.int64)
    # 147.8 is the sum's standard deviation, in tenths for integers; its mean is 510.
    effects: NDArray[np.int64] = (summed - 510) * round(deviation * UNITS * 10) // 1478
    return effects


def _logistic() -> NDArray[np.uint64]:
    """1 / (1 + e^-x) in shares of 2^32, for x from -8 to 8 logits. Decimal's exp is correctly rounded everywhere."""
    return np.array([int(2**32 / (1 + (Decimal(-x) / UNITS).exp())) for x in range(-LIMIT, LIMIT + 1)], dtype=np.uint64)


LOGISTIC = _logistic()
