"""The generator of taxi rides: `npm run data -- taxi`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from data.__main__ import main
from data.taxi.month import Month

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    *("VendorID", "lpep_pickup_datetime", "lpep_dropoff_datetime", "store_and_fwd_flag", "RatecodeID"),
    *("PULocationID", "DOLocationID", "passenger_count", "trip_distance", "fare_amount", "extra", "mta_tax"),
    *("tip_amount", "tolls_amount", "ehail_fee", "improvement_surcharge", "total_amount", "payment_type"),
    *("trip_type", "congestion_surcharge"),
)
# Of 1,000 rides of 2021-03 with seed 7, as CSV: parquet's bytes are also those of the version of polars. It changes
# only together with the generator, never with the machine.
GOLDEN_SHA256 = "8a09bbcde635c5bb5715f38fb2699dd31f3e0f7677a45a59e826834b3cb3419d"


def make(out: Path, *arguments: str, month: str = "2021-03", rows: int = 1_000, seed: int = 7) -> Path:
    main(["taxi", "--month", month, "--rows", str(rows), "--seed", str(seed), "--out", str(out), *arguments])
    return out


@pytest.fixture(scope="module")
def rides(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """50,000 rides of 2021-03."""
    frame = pl.read_parquet(make(tmp_path_factory.mktemp("data") / "march.parquet", rows=50_000))
    minutes = (pl.col("lpep_dropoff_datetime") - pl.col("lpep_pickup_datetime")).dt.total_seconds() / 60
    return frame.with_columns(minutes=minutes, hour=pl.col("lpep_pickup_datetime").dt.hour())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_different_bytes(tmp_path: Path) -> None:
    first = make(tmp_path / "a.parquet")
    assert hashlib.sha256(pl.read_parquet(first).write_csv().encode()).hexdigest() == GOLDEN_SHA256
    assert make(tmp_path / "b.parquet").read_bytes() == first.read_bytes()
    assert make(tmp_path / "c.parquet", seed=8).read_bytes() != first.read_bytes()


def test_a_month_is_the_same_whichever_others_are_made_with_it(tmp_path: Path) -> None:
    folder = make(tmp_path / "months", "--months", "3", month="2020-12")
    names = [f"green_tripdata_{month}.parquet" for month in ("2020-12", "2021-01", "2021-02")]
    assert sorted(path.name for path in folder.iterdir()) == names
    alone = make(tmp_path / "alone.parquet", month="2021-02")
    assert alone.read_bytes() == (folder / names[2]).read_bytes()
    assert alone.read_bytes() != (folder / names[1]).read_bytes()


def test_the_columns_are_the_citys_and_their_types_drift(tmp_path: Path) -> None:
    types = {
        month: pl.read_parquet_schema(make(tmp_path / f"{month}.parquet", month=month, rows=10))
        for month in ("2021-01", "2021-03", "2024-12", "2025-01")
    }
    assert tuple(types["2021-01"]) == tuple(types["2021-03"]) == COLUMNS
    assert tuple(types["2025-01"]) == (*COLUMNS, "cbd_congestion_fee")
    assert "cbd_congestion_fee" not in types["2024-12"]
    assert [types[month]["PULocationID"] for month in ("2021-01", "2021-03", "2025-01")] == [
        pl.Int64,
        pl.Float64,
        pl.Int32,
    ]
    assert [types[month]["passenger_count"] for month in ("2021-01", "2025-01")] == [pl.Float64, pl.Int64]
    assert types["2021-01"]["lpep_pickup_datetime"] == pl.Datetime("us")


def test_two_rows_in_a_hundred_are_dirt(rides: pl.DataFrame) -> None:
    negative = rides.filter(pl.col("fare_amount") < 0).height
    backward = rides.filter(pl.col("minutes") < 0).height
    astray = rides.filter(pl.col("lpep_pickup_datetime").dt.strftime("%Y-%m") != "2021-03").height
    assert [negative, backward, astray] == [
        pytest.approx(500, abs=100),
        pytest.approx(250, abs=80),
        pytest.approx(250, abs=80),
    ]
    assert rides["ehail_fee"].null_count() == rides.height
    assert rides["passenger_count"].null_count() == pytest.approx(3_000, abs=300)
    assert rides["PULocationID"].null_count() == 0


def test_few_zones_make_most_rides(rides: pl.DataFrame) -> None:
    for zone in ("PULocationID", "DOLocationID"):
        counts = rides[zone].value_counts(sort=True)
        assert rides[zone].is_between(1, 265).all()
        assert counts.height > 255
        # Zipf's law with 265 ranks: the busiest has 16 % of all, and as much as the second and third together.
        assert counts["count"][0] / rides.height == pytest.approx(1 / 6.16, rel=0.05)
        assert counts["count"][0] / counts["count"][1] == pytest.approx(2, rel=0.1)


def test_distances_are_log_normal_and_speeds_follow_the_hour(rides: pl.DataFrame) -> None:
    logs = np.log(rides["trip_distance"].to_numpy())
    assert float(np.median(logs)) == pytest.approx(np.log(1.9), abs=0.02)
    assert float(logs.std()) == pytest.approx(0.78, abs=0.02)
    sound = rides.filter(pl.col("minutes").is_between(1, 60))
    speed = sound.group_by("hour").agg(pl.col("trip_distance").sum() / pl.col("minutes").sum() * 60).sort("hour")
    by_hour = dict(speed.iter_rows())
    assert by_hour[4] > 1.4 * by_hour[16]
    assert sound.height / rides.height == pytest.approx(0.97, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--month", "2021-13"), "is not a month from 2009-01 to 2099-12, such as 2021-03"),
        (("--month", "2021-3"), "is not a month"),
        (("--rows", "0"), "is not a whole number from 1 to"),
        (("--months", "2"), "2 months need a folder"),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], problem: str
) -> None:
    with pytest.raises(SystemExit) as exit_code:
        make(tmp_path / "a.parquet", *arguments)
    assert exit_code.value.code == 2
    assert problem in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_months_go_on_over_the_year() -> None:
    assert [str(Month(2020, 11).later(months)) for months in (-11, 1, 2, 14)] == [
        "2019-12",
        "2020-12",
        "2021-01",
        "2022-01",
    ]
    assert [Month(2020, month).days for month in (1, 2, 4)] == [31, 29, 30]
