"""`ONE OTHER`: checks that two results have the same rides and the same predictions, to the last bit."""

from __future__ import annotations

import sys

import polars as pl

one, other = (pl.read_parquet(path) for path in sys.argv[1:3])
columns = ["ride_id", "PULocationID", "DOLocationID", "actual_duration", "predicted_duration", "diff", "model_version"]
same = one.select(columns).equals(other.select(columns).cast({name: one[name].dtype for name in columns}))
if not same:
    sys.exit(f"{sys.argv[1]} and {sys.argv[2]} are not the same")
