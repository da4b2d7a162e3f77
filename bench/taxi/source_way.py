"""`RIDES MONTH MODEL OUT`: scores a month as the source project does: pandas, and a dict for each ride."""

from __future__ import annotations

import json
import pickle
import sys
import time
from itertools import pairwise
from pathlib import Path

import pandas as pd


def main(rides: str, month: str, model: str, out: str) -> None:
    """Writes the result and prints the seconds of each phase."""
    # The model and its imports are loaded before the clock starts, because the phases measure only the work.
    pipeline = pickle.loads(Path(model).read_bytes())  # noqa: S301 - the bench has just made it
    clock = [time.perf_counter()]

    data = pd.read_parquet(rides)
    data["duration"] = (data.lpep_dropoff_datetime - data.lpep_pickup_datetime).dt.total_seconds() / 60
    # The source keeps rides of other months, and Millrace doesn't. Both should score the same rides.
    data = data[data.lpep_pickup_datetime.dt.strftime("%Y-%m") == month]
    data = data[(data.duration >= 1) & (data.duration <= 60)].copy()
    data["ride_id"] = f"{month[:4]}/{month[5:]}_" + data.index.astype("str")
    clock.append(time.perf_counter())

    zones = ["PULocationID", "DOLocationID"]
    data[zones] = data[zones].astype(int)
    text = data[zones].astype(str)
    data["PU_DO"] = text["PULocationID"] + "_" + text["DOLocationID"]
    dicts = data[["PU_DO", "trip_distance"]].to_dict(orient="records")
    features = pipeline[0].transform(dicts)
    clock.append(time.perf_counter())

    predicted = pipeline[1:].predict(features)
    clock.append(time.perf_counter())

    result = data[["ride_id", "lpep_pickup_datetime", *zones]].copy()
    result["actual_duration"] = data["duration"]
    result["predicted_duration"] = predicted
    result["diff"] = result["actual_duration"] - result["predicted_duration"]
    result["model_version"] = "1"
    result.to_parquet(out, engine="pyarrow", compression="zstd", index=False)
    clock.append(time.perf_counter())

    phases = [end - begin for begin, end in pairwise(clock)]
    sys.stdout.write(json.dumps({"rows": len(result), "phases": phases}))


if __name__ == "__main__":
    main(*sys.argv[1:5])
