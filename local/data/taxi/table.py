"""Rides as a table with the columns and types of the city's files (green_tripdata_YYYY-MM.parquet)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from data.taxi.month import Month
    from data.taxi.rides import Rides

CENTS = 100
CONGESTION_SURCHARGE = 275
CBD_CONGESTION_FEE = 75


def file_name(month: Month) -> str:
    """The name of a month's file."""
    return f"green_tripdata_{month}.parquet"


def parquet(rides: Rides, month: Month) -> bytes:
    """The month's file."""
    file = io.BytesIO()
    table(rides, month).write_parquet(file, compression="snappy", statistics=True)
    return file.getvalue()


def table(rides: Rides, month: Month) -> pl.DataFrame:
    """The rows, in that month's types, which change over time."""
    identity = pl.Int32 if month.has_narrow_integers else pl.Int64
    count = pl.Int64 if month.has_narrow_integers else pl.Float64
    zone = pl.Float64 if month.has_double_zones else identity
    types: Mapping[str, pl.DataType | type[pl.DataType]] = {
        "VendorID": identity,
        "lpep_pickup_datetime": pl.Datetime("us"),
        "lpep_dropoff_datetime": pl.Datetime("us"),
        "RatecodeID": count,
        "PULocationID": zone,
        "DOLocationID": zone,
        "passenger_count": count,
        "payment_type": count,
        "trip_type": count,
        "ehail_fee": pl.Float64,
    }
    columns = [_series(name, values, rides) for name, values in _columns(rides, month).items()]
    return pl.DataFrame(columns).cast({name: types[name] for name in types})


def _columns(rides: Rides, month: Month) -> dict[str, NDArray[np.generic] | None]:
    """By name, in the order of the files."""
    extra = np.where(rides.pickup // 3600 % 24 >= 16, 100, 50)
    surcharge = np.where(rides.pickup_zone % 3 == 0, CONGESTION_SURCHARGE, 0)
    fee = np.where(rides.dropoff_zone % 5 == 0, CBD_CONGESTION_FEE, 0)
    money = {
        "fare_amount": rides.fare,
        "extra": extra,
        "mta_tax": np.full(rides.count, 50),
        "tip_amount": rides.tip,
        "tolls_amount": rides.tolls,
        "improvement_surcharge": np.full(rides.count, 30),
        "congestion_surcharge": surcharge,
        **({"cbd_congestion_fee": fee} if month.has_congestion_fee else {}),
    }
    money["total_amount"] = np.sum(list(money.values()), axis=0)
    # A refunded ride appears again with every amount below zero.
    sign = np.where(rides.negative, -1, 1)
    paid = {name: sign * cents / CENTS for name, cents in money.items()}
    return {
        "VendorID": rides.vendor,
        "lpep_pickup_datetime": rides.pickup * 1_000_000,
        "lpep_dropoff_datetime": rides.dropoff * 1_000_000,
        "store_and_fwd_flag": np.where(rides.stored, "Y", "N"),
        "RatecodeID": np.where(rides.dispatched, 5, 1),
        "PULocationID": rides.pickup_zone,
        "DOLocationID": rides.dropoff_zone,
        "passenger_count": rides.passengers,
        "trip_distance": rides.distance / 100,
        **{name: paid[name] for name in ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount")},
        "ehail_fee": None,
        **{name: paid[name] for name in ("improvement_surcharge", "total_amount")},
        "payment_type": np.where(rides.card, 1, 2),
        "trip_type": np.where(rides.dispatched, 2, 1),
        **{name: paid[name] for name in paid if name in ("congestion_surcharge", "cbd_congestion_fee")},
    }


NULL_WHERE_INCOMPLETE = (
    *("store_and_fwd_flag", "RatecodeID", "passenger_count", "payment_type", "trip_type", "congestion_surcharge"),
)


def _series(name: str, values: NDArray[np.generic] | None, rides: Rides) -> pl.Series:
    if values is None:
        return pl.Series(name, [None], dtype=pl.Float64).new_from_index(0, rides.count)
    series = pl.Series(name, values)
    if name not in NULL_WHERE_INCOMPLETE:
        return series
    return pl.select(pl.when(pl.Series(~rides.incomplete)).then(series).alias(name)).to_series()
