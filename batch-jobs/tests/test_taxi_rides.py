"""Months of rides as matrices: what is read, what is dropped, and what scikit-learn would have made of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction import DictVectorizer

from millrace_job import FatalError
from taxi.features import encode, fit_vectorizer
from taxi.rides import read_rides
from taxi_rides import month_table, write_month

if TYPE_CHECKING:
    from taxi.rides import Rides


def read(folder: Path, frame: pl.DataFrame, year: int = 2021, month: int = 1) -> Rides:
    file = write_month(folder, year, month, frame)
    return read_rides(Path(file["uri"]), file)


@pytest.mark.parametrize(("year", "month"), [(2021, 1), (2021, 3), (2023, 1), (2024, 12), (2025, 3)])
def test_every_month_is_read_whatever_its_types(tmp_path: Path, year: int, month: int) -> None:
    rides = read(tmp_path, month_table(year, month), year, month)
    assert rides.frame.height == rides.rows["kept"]
    assert rides.rows["read"] == 2_000
    dropped = rides.rows["dropped"]
    assert rides.rows["kept"] + dropped["incomplete"] + dropped["otherMonth"] + dropped["duration"] == 2_000
    assert rides.rows["kept"] == pytest.approx(1_940, abs=30)
    # The route of a zone that is a double in this month's file is the same text.
    assert rides.frame["PU_DO"].str.contains(r"^\d{1,3}_\d{1,3}$").all()
    assert rides.frame["duration"].is_between(1, 60).all()


def test_rides_outside_the_month_are_dropped_and_counted(tmp_path: Path) -> None:
    table = month_table(2021, 1, rows=10).with_columns(
        lpep_pickup_datetime=pl.datetime(2021, 1, 31, 23, 58), lpep_dropoff_datetime=pl.datetime(2021, 2, 1, 0, 8)
    )
    row = pl.int_range(pl.len())
    shorter = timedelta(minutes=9, seconds=1)
    dirty = table.with_columns(
        lpep_pickup_datetime=pl.when(row == 0)
        .then(pl.datetime(2021, 2, 1))
        .when(row == 1)
        .then(pl.datetime(2020, 1, 31))
        .otherwise("lpep_pickup_datetime"),
        lpep_dropoff_datetime=pl.when(row == 2)
        .then(pl.col("lpep_dropoff_datetime") - shorter)
        .when(row == 3)
        .then(pl.col("lpep_dropoff_datetime") + timedelta(minutes=50, seconds=1))
        .when(row == 4)
        .then(pl.col("lpep_dropoff_datetime") - timedelta(hours=1))
        .otherwise("lpep_dropoff_datetime"),
        trip_distance=pl.when(row != 5).then("trip_distance"),
        DOLocationID=pl.when(row != 6).then("DOLocationID"),
        PULocationID=pl.when(row == 7).then(float("nan")).otherwise("PULocationID"),
    )
    rides = read(tmp_path, dirty)
    assert rides.rows == {
        "read": 10,
        "kept": 2,
        "dropped": {"incomplete": 3, "otherMonth": 2, "duration": 3},
    }
    assert rides.frame["row"].to_list() == [8, 9]
    assert rides.frame["duration"].to_list() == [10, 10]


def test_rides_of_exactly_a_minute_and_an_hour_are_kept(tmp_path: Path) -> None:
    table = month_table(2021, 1, rows=2).with_columns(lpep_pickup_datetime=pl.datetime(2021, 1, 5))
    ends = pl.Series([timedelta(minutes=1), timedelta(minutes=60)])
    rides = read(tmp_path, table.with_columns(lpep_dropoff_datetime=pl.col("lpep_pickup_datetime") + ends))
    assert rides.frame["duration"].to_list() == [1, 60]


def test_minutes_are_seconds_divided_by_sixty_to_the_last_bit(tmp_path: Path) -> None:
    seconds = range(60, 3601)
    table = month_table(2021, 1, rows=len(seconds)).with_columns(lpep_pickup_datetime=pl.datetime(2021, 1, 5))
    ends = pl.Series([timedelta(seconds=each) for each in seconds])
    rides = read(tmp_path, table.with_columns(lpep_dropoff_datetime=pl.col("lpep_pickup_datetime") + ends))
    assert rides.frame["duration"].to_list() == [each / 60 for each in seconds]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.drop("trip_distance"), r"2021-01\.parquet has no column trip_distance: give a file of"),
        (
            lambda table: table.with_columns(pl.col("PULocationID").cast(pl.String)),
            r"column PULocationID is String, and not a number",
        ),
        (
            lambda table: table.with_columns(pl.col("lpep_pickup_datetime").cast(pl.String)),
            r"column lpep_pickup_datetime is String, and not a time without a zone",
        ),
        (lambda table: table.clear(), r"has no ride of 2021-01 .* among its 0 rows"),
        (lambda _: month_table(2021, 2), r"has no ride of 2021-01 .*: check that it is that month's file"),
    ],
)
def test_a_file_without_a_month_of_rides_is_refused_by_name(tmp_path: Path, change: object, problem: str) -> None:
    assert callable(change)
    with pytest.raises(FatalError, match=problem):
        read(tmp_path, change(month_table(2021, 1).filter(pl.col("lpep_pickup_datetime").dt.month() == 1)))


def test_a_file_that_isnt_parquet_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "green.parquet"
    path.write_bytes(b"VendorID,lpep_pickup_datetime\n")
    with pytest.raises(FatalError, match=r"green\.parquet is no parquet file that can be read"):
        read_rides(path, {"uri": str(path), "bytes": 30, "year": 2021, "month": 1})


RIDES = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.floats(0, 50, allow_subnormal=False)), min_size=1, max_size=30
)


def frame_of(rides: list[tuple[int, int, float]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"PU_DO": [f"{pickup}_{dropoff}" for pickup, dropoff, _ in rides], "trip_distance": [ride[2] for ride in rides]}
    )


@given(known=RIDES, asked=RIDES)
def test_the_matrix_is_the_one_that_scikit_learn_makes_of_dicts(
    known: list[tuple[int, int, float]], asked: list[tuple[int, int, float]]
) -> None:
    training, validation = frame_of(known), frame_of(asked)
    theirs = DictVectorizer().fit(training.to_dicts())
    ours = fit_vectorizer(training)
    assert ours.vocabulary_ == theirs.vocabulary_
    assert ours.feature_names_ == theirs.feature_names_
    expected, found = theirs.transform(validation.to_dicts()), encode(validation, ours)
    assert found.shape == expected.shape
    assert found.has_sorted_indices
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))


def test_a_vectoriser_of_other_features_is_refused() -> None:
    vectorizer = DictVectorizer().fit([{"PU_DO": "1_2", "trip_distance": 1.0, "passengers": 1}])
    with pytest.raises(FatalError, match=r"knows passengers: give a model of PU_DO and trip_distance"):
        encode(frame_of([(1, 2, 1.0)]), vectorizer)
