"""The categories of a column: all of them, or a fair sample where they are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Holds every column of Avazu's but device_id and device_ip; a profile stays under a megabyte.
MAX_CATEGORIES = 16_384
WHOLE = 1 << 32
FACTOR = np.uint32(0x9E3779B1)


@dataclass(frozen=True)
class Categories:
    """The categories whose hash is below `below`: all that there were, if that is 2^32.

    Which categories are in the sample follows from the categories alone, so two data sets are sampled alike and can be
    compared.
    """

    keys: NDArray[np.uint32]
    """In ascending order, none twice."""
    below: int

    @property
    def share(self) -> float:
        """The share of the column's categories that is kept: 1 or a half, a quarter and so on."""
        return self.below / WHOLE

    @property
    def complete(self) -> bool:
        return self.below == WHOLE

    def union(self, keys: NDArray[np.uint32]) -> Categories:
        """With more categories. The sampled share is halved until there are few enough: the largest share that fits,
        in whatever order categories came.
        """
        merged = Categories(np.union1d(self.keys, keys[self.samples(keys)]), self.below)
        while len(merged.keys) > MAX_CATEGORIES:
            half = Categories(merged.keys, merged.below // 2)
            merged = Categories(half.keys[half.samples(half.keys)], half.below)
        return merged

    def samples(self, keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of these keys would be in the sample. The hash is one to one: an odd factor, modulo 2^32."""
        return (keys * FACTOR).astype(np.uint64) < self.below


NONE = Categories(np.empty(0, dtype=np.uint32), WHOLE)
