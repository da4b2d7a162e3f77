"""The dataset: rows of x and y, as an array of two columns and as a CSV with a header."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from millrace_job import FatalError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("x", "y")
GENERATED_ROWS = 100
MAX_SEED = 2**32 - 1


def generate(scheduled_at: datetime) -> NDArray[np.float64]:
    """A line with noise: y = a·x + b + noise, with a, b, x and the noise uniform from -10 to 10.

    The same scheduled time gives the same bits everywhere, because the order of the draws is fixed (a, b, every x, all
    noise) and NumPy's legacy generator never changes. The seed is the scheduled time in whole seconds since 1970.

    Raises:
        FatalError: the time isn't in 1970 to 2106, the range of the generator's seeds.
    """
    seed = int(scheduled_at.timestamp())
    if not 0 <= seed <= MAX_SEED:
        raise FatalError(f"scheduledAt is {scheduled_at.isoformat()}: give a time from 1970 to 2106, as it is the seed")
    random = np.random.RandomState(seed)
    a, b = random.uniform(-10, 10, size=2)
    x = random.uniform(-10, 10, size=GENERATED_ROWS)
    noise = random.uniform(-10, 10, size=GENERATED_ROWS)
    return np.column_stack((x, a * x + b + noise))


def write_csv(data: NDArray[np.float64]) -> bytes:
    """The rows as CSV with the header `x,y`. Each number is the shortest text that is read as the same bits."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(data.tolist())
    return text.getvalue().encode()


def read_csv(path: Path) -> NDArray[np.float64]:
    """The rows of a file that `write_csv` wrote."""
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2, comments=None)
