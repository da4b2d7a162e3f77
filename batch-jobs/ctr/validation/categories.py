"""The categories of a column: all of them, or a fair sample if there are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Enough for all of Avazu's columns except device_id and device_ip. A profile stays under a megabyte.
MAX_CATEGORIES = 16_384
WHOLE = 1 << 32
FACTOR = np.uint32(0x9E3779B1)


@dataclass(frozen=True)
class Categories:
    """The categories whose hash is below `below`. If that is 2^32, these are all categories.

    The sample depends only on the categories. So two data sets are sampled in the same way and can be compared.
    """

    keys: NDArray[np.uint32]
    """In ascending order, without duplicates."""
    below: int

    @property
    def share(self) -> float:
        """The share of the column's categories that is kept: 1 or a half, a quarter and so on."""
        return self.below / WHOLE

    @property
    def complete(self) -> bool:
        return self.below == WHOLE

    def union(self, keys: NDArray[np.uint32]) -> Categories:
        """Adds categories, and halves the sampled share until few enough are left. The order of the categories doesn't
        matter: the share is always the largest that fits.
        """
        merged = Categories(np.union1d(self.keys, keys[self.samples(keys)]), self.below)
        while len(merged.keys) > MAX_CATEGORIES:
            half = Categories(merged.keys, merged.below // 2)
            merged = Categories(half.keys[half.samples(half.keys)], half.below)
        return merged

    def samples(self, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of these keys are in the sample. The hash is one to one: it multiplies by an odd number modulo 2^32."""
        return (keys * FACTOR).astype(np.uint64) < self.below


NONE = Categories(np.empty(0, dtype=np.uint32), WHOLE)
