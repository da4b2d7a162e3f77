"""The rides of a month as integers: zones, distances, times and cents, and which of the rows are dirt.

Zones, routes and speeds are the same for every seed, so that what a model learns from one month holds in the
next. All of it is integer arithmetic, for the reason in data.draws.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from data.draws import Bits, Zipf, mix32

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.taxi.month import Month

    Integers = NDArray[np.int64]

ZONES = 265
# Relative number of rides for each hour of a day, from midnight on.
TRAFFIC = (22, 16, 11, 8, 8, 9, 17, 30, 38, 37, 36, 38, 40, 42, 47, 51, 55, 60, 61, 54, 46, 42, 38, 31)
# Speeds in hundredths of a mile per hour, for each hour from midnight on.
SPEED = (
    *(1650, 1750, 1850, 1950, 2050, 2000, 1700, 1300, 1080, 1050, 1060, 1050),
    *(1040, 1030, 1000, 960, 940, 950, 1020, 1140, 1250, 1340, 1430, 1550),
)
# The median of a ride's miles, and the deviation of their logarithm.
DISTANCE_MEDIAN, DISTANCE_DEVIATION = Decimal("1.9"), Decimal("0.78")
DISTANCE_STEPS = 1 << 14
# Number of rows in 1,000 with each defect. Together 2 %.
NEGATIVE_FARES, BACKWARD_TIMES, WRONG_MONTHS = 10, 5, 5
# Number of rows in 100 that lack values that some meters don't send.
INCOMPLETE = 6


class Rides:
    """`count` rides of a month by pick-up, except for the dirt. Times are seconds since 1970, money is in cents."""

    def __init__(self, count: int, seed: int, month: Month) -> None:
        # A month's rides don't depend on the other months that are made with it.
        bits = Bits(seed << 16 | month.number)
        self.count = count
        self.pickup = _pickups(count, bits, month)
        self.pickup_zone = _zones(bits.take(count), salt=1)
        self.dropoff_zone = _zones(bits.take(count), salt=2)
        self.distance = _distances(bits.take(count))
        seconds = self._seconds(bits.take(count))
        self.dropoff = self.pickup + seconds
        self.fare = 300 + self.distance * 5 // 2 + seconds // 60 * 50
        choices = bits.take(count)
        self.passengers = _of(choices, 0, (1, 1, 1, 1, 1, 1, 2, 2, 3, 5))
        self.card = _chance(choices, 1, 55, 100)
        self.tip = np.where(self.card, self.fare * (10 + _below(choices, 2, 20)) // 100, 0)
        self.tolls = np.where(_chance(choices, 3, 3, 100), 655, 0)
        self.vendor = np.where(_chance(choices, 4, 20, 100), 1, 2)
        self.dispatched = _chance(choices, 5, 4, 100)
        self.stored = _chance(choices, 6, 1, 100)
        self.incomplete = _chance(choices, 7, INCOMPLETE, 100)
        self._soil(bits.take(count), month)

    def _seconds(self, bits: NDArray[np.uint64]) -> Integers:
        """How long the rides take: this depends on the hour's speed, the route's own slowness, and chance."""
        route = (self.pickup_zone * 1000 + self.dropoff_zone).astype(np.uint32)
        character = mix32(route, 0x7A11).astype(np.int64)
        slowness = 170 + (character & 0xFF) * 3 // 4
        detour = (character >> 8) % 360
        hour = self.pickup // 3600 % 24
        luck = 200 + _bell(bits) * 112 // (4 << 16)
        moving = self.distance * 3600 // np.array(SPEED).take(hour)
        seconds: Integers = moving * slowness * luck // (256 * 256) + detour + 60
        return seconds

    def _soil(self, bits: NDArray[np.uint64], month: Month) -> None:
        """Turns 2 % of the rows into the kinds of dirt that real files also hold."""
        kind = _below(bits, 0, 1000)
        self.negative = kind < NEGATIVE_FARES
        self.backward = (kind >= NEGATIVE_FARES) & (kind < NEGATIVE_FARES + BACKWARD_TIMES)
        limit = NEGATIVE_FARES + BACKWARD_TIMES
        self.astray = (kind >= limit) & (kind < limit + WRONG_MONTHS)
        self.dropoff = np.where(self.backward, self.pickup - (self.dropoff - self.pickup), self.dropoff)
        shift = np.where(
            _chance(bits, 1, 50, 100), month.start - month.later(-7).start, month.start - month.later(2).start
        )
        self.pickup = np.where(self.astray, self.pickup - shift, self.pickup)
        self.dropoff = np.where(self.astray, self.dropoff - shift, self.dropoff)


def _pickups(count: int, bits: Bits, month: Month) -> Integers:
    """Times in order, with each hour's share of the traffic: row i is about where i of `count` rides have begun."""
    ends = np.cumsum(np.tile(TRAFFIC, month.days)).astype(np.int64)
    total = int(ends[-1])
    # In units of a sixteenth of a ride, so that the times between two rides differ.
    place = np.arange(count, dtype=np.int64) * 16 + _below(bits.take(count), 0, 16)
    reached = place * total // (16 * max(1, count))
    within = (place * total % (16 * max(1, count))) * 3600 // (16 * max(1, count))
    hour = np.searchsorted(ends, reached, side="right").astype(np.int64)
    traffic = np.array(TRAFFIC).take(hour % 24)
    passed = reached - (ends.take(hour) - traffic)
    seconds: Integers = month.start + hour * 3600 + (passed * 3600 + within) // traffic
    return seconds


def _zones(bits: NDArray[np.uint64], salt: int) -> Integers:
    """Zones from 1, some far busier than others. Pick-ups and drop-offs each have their own order of zones."""
    order = np.argsort(mix32(np.arange(ZONES, dtype=np.uint32), salt), kind="stable")
    zones: Integers = order.take(Zipf(ZONES).ranks(bits)).astype(np.int64) + 1
    return zones


def _distances(bits: NDArray[np.uint64]) -> Integers:
    """Hundredths of a mile, log-normal."""
    return _distance_table().take(_bell(bits) * DISTANCE_STEPS // (4 << 16))


@cache
def _distance_table() -> Integers:
    """Hundredths of a mile, by the position of a draw of `_bell` between its minimum and its maximum.

    Uses decimal arithmetic, which is exact to its last digit on every machine; a machine's exp() is not.
    """
    with localcontext(prec=12):
        # The standard deviation of a sum of four numbers, each uniform over 0 to 1; its mean is 2.
        deviation = (Decimal(4) / 12).sqrt()
        steps = [(Decimal(4) * step / DISTANCE_STEPS - 2) / deviation for step in range(DISTANCE_STEPS)]
        miles = [DISTANCE_MEDIAN * (DISTANCE_DEVIATION * step).exp() for step in steps]
        return np.array([int(mile * 100) for mile in miles], dtype=np.int64)


def _bell(bits: NDArray[np.uint64]) -> Integers:
    """A sum of four 16-bit numbers: nearly normal, from 0 to 262,140."""
    parts = [bits >> np.uint64(shift) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    bell: Integers = np.stack(parts).sum(axis=0).astype(np.int64)
    return bell


def _choice(bits: NDArray[np.uint64], place: int) -> Integers:
    """Sixteen scrambled bits for choice number `place`, so that choices from one draw are independent."""
    half = (bits >> np.uint64(32 * (place & 1))).astype(np.uint32)
    return (mix32(half, place + 1) >> np.uint32(16)).astype(np.int64)


def _below(bits: NDArray[np.uint64], place: int, limit: int) -> Integers:
    """A whole number from 0 to `limit` - 1."""
    return _choice(bits, place) * limit >> 16


def _chance(bits: NDArray[np.uint64], place: int, share: int, of: int) -> NDArray[np.bool_]:
    return _below(bits, place, of) < share


def _of(bits: NDArray[np.uint64], place: int, values: tuple[int, ...]) -> Integers:
    return np.array(values, dtype=np.int64).take(_below(bits, place, len(values)))
