"""Random draws that have the same bits on every machine.

NumPy promises that for a bit generator's raw stream (PCG64: "a fixed seed will always produce the same random integer
stream"), but not for anything that `Generator` derives from it. Floating point doesn't help: exp and log differ in the
last bit between machines. So everything here uses integer arithmetic on raw 64-bit integers, except for square roots
and divisions, which IEEE 754 defines to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 1 << 16
MAX_SEED = 2**64 - 1


class Bits:
    """A stream of random 64-bit integers."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.PCG64(seed)

    def take(self, count: int) -> NDArray[np.uint64]:
        """The next `count` integers, each from 0 to 2^64 - 1."""
        return np.asarray(self._generator.random_raw(count), dtype=np.uint64)


class Zipf:
    """Ranks from 0 to `count` - 1, the k-th with a weight of (k + 1)^-exponent.

    A draw picks one of 65,536 bins of equal probability and then one of the bin's ranks, uniformly. This is exact for
    ranks that fill bins of their own, and in the tail accurate to the width of a bin. So a draw costs one look into a
    small table, however many ranks there are.

    Args:
        count: the number of ranks.
        exponent: a multiple of 1/4, because square roots are exact and powers are not.
    """

    def __init__(self, count: int, exponent: float = 1.0) -> None:
        cumulative = _weights(count, exponent)
        np.cumsum(cumulative, out=cumulative)
        # Bin i begins at the rank at which the cumulative weight reaches i / BINS.
        reached = np.arange(BINS + 1, dtype=np.int64) * (cumulative[-1] // BINS)
        starts = np.minimum(np.searchsorted(cumulative, reached, side="right"), count - 1).astype(np.uint64)
        self._starts = starts[:-1]
        self._widths = starts[1:] - starts[:-1] + np.uint64(1)

    def ranks(self, bits: NDArray[np.uint64]) -> NDArray[np.intp]:
        """A rank for each integer."""
        bins = bits >> np.uint64(48)
        within = (bits & np.uint64(0xFFFFFFFF)) * self._widths.take(bins) >> np.uint64(32)
        ranks: NDArray[np.intp] = (self._starts.take(bins) + within).astype(np.intp)
        return ranks


def _weights(count: int, exponent: float) -> NDArray[np.int64]:
    """Weights as integers, so that their sum has no rounding and doesn't depend on the order."""
    quarters = exponent * 4
    if quarters != int(quarters) or quarters < 1:
        raise ValueError(f"exponent is {exponent}: give a multiple of 1/4 above 0")
    # In place, because memory would otherwise hold millions of ranks seven times.
    root = np.arange(1, count + 1, dtype=np.float64)
    np.sqrt(root, out=root)
    np.sqrt(root, out=root)
    power = root.copy()
    for _ in range(int(quarters) - 1):
        power *= root
    del root
    np.divide(2.0**40, power, out=power)
    return np.maximum(power, 1, out=power).astype(np.int64)


def mix32(values: NDArray[np.uint32], salt: int) -> NDArray[np.uint32]:
    """Scrambles 32-bit integers, one to one. The finaliser of MurmurHash3 (Austin Appleby, public domain)."""
    mixed = values ^ np.uint32(salt)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def mix63(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Scrambles integers below 2^63 one to one. Each step can be undone: xor with a shift, and an odd factor."""
    mask = np.uint64(2**63 - 1)
    mixed = (values ^ np.uint64(salt)) & mask
    mixed ^= mixed >> np.uint64(32)
    mixed = mixed * np.uint64(0xD6E8FEB86659FD93) & mask
    mixed ^= mixed >> np.uint64(29)
    mixed = mixed * np.uint64(0xA0761D6478BD642F) & mask
    mixed ^= mixed >> np.uint64(32)
    return mixed
