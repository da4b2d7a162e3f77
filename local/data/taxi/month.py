"""A calendar month, and the types of its file: the city's files differ from one month to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

FIRST_YEAR = 2009
LAST_YEAR = 2099


@dataclass(frozen=True, order=True)
class Month:
    """A month of the calendar, `month` from 1."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def number(self) -> int:
        """Months since the year 0."""
        return self.year * 12 + self.month - 1

    @property
    def start(self) -> int:
        """Its first second in local time, in seconds since 1970: the files have no zone, so a day has 24 hours."""
        return int(datetime(self.year, self.month, 1, tzinfo=UTC).timestamp())

    @property
    def days(self) -> int:
        return (self.later(1).start - self.start) // 86_400

    def later(self, months: int) -> Month:
        """The month that is the given number of months after this one."""
        year, month = divmod(self.number + months, 12)
        return Month(year, month + 1)

    @property
    def has_congestion_fee(self) -> bool:
        """Manhattan's congestion charge began on 5 January 2025 and added a column."""
        return self >= Month(2025, 1)

    @property
    def has_narrow_integers(self) -> bool:
        """From 2023 on, ids are 32-bit integers and counts are integers; before, 64-bit ones and doubles."""
        return self >= Month(2023, 1)

    @property
    def has_double_zones(self) -> bool:
        """In every third month, the zones are doubles, as if a tool had converted them."""
        return self.month % 3 == 0
