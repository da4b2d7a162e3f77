from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from millrace_job import FatalError
from ridge.dataset import generate, read_csv, write_csv

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN = datetime(2021, 10, 4, 16, 21, tzinfo=UTC)
GOLDEN_LINE = (4.298011997258339, -4.460648286812572)


def test_the_golden_schedule_gives_the_published_line() -> None:
    assert GOLDEN.timestamp() == 1_633_364_460
    data = generate(GOLDEN)
    random = np.random.RandomState(1_633_364_460)
    assert tuple(random.uniform(-10, 10, 2)) == GOLDEN_LINE
    assert data.shape == (100, 2)
    noise = data[:, 1] - (GOLDEN_LINE[0] * data[:, 0] + GOLDEN_LINE[1])
    assert np.abs(data[:, 0]).max() <= 10
    assert np.abs(noise).max() <= 10


def test_another_minute_gives_different_data() -> None:
    assert not np.array_equal(generate(GOLDEN), generate(GOLDEN.replace(minute=22)))


@pytest.mark.parametrize("year", [1969, 2107])
def test_a_time_outside_the_seed_range_is_refused(year: int) -> None:
    with pytest.raises(FatalError, match="1970 to 2106"):
        generate(datetime(year, 1, 1, tzinfo=UTC))


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 20), st.just(2)),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_dataset_comes_back_from_csv_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, data: NDArray[np.float64]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    path.write_bytes(write_csv(data))
    assert read_csv(path).tobytes() == data.tobytes()


def test_a_dataset_is_plain_csv() -> None:
    assert write_csv(np.array([[1.0, -0.1], [1e-300, 2.0]])) == b"x,y\n1.0,-0.1\n1e-300,2.0\n"
