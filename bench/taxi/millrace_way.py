"""`RIDES MONTH MODEL OUT`: scores a month as `taxi.score` does, on whole columns."""

from __future__ import annotations

import json
import pickle
import sys
import time
from itertools import pairwise
from pathlib import Path

from threadpoolctl import threadpool_limits

from taxi.features import encode, target
from taxi.regression import rmse
from taxi.rides import read_rides
from taxi.scoring import Scores, write_result


def main(rides: str, month: str, model: str, out: str) -> None:
    """Writes the result and prints the seconds of each phase."""
    pipeline = pickle.loads(Path(model).read_bytes())  # noqa: S301 - the bench has just made it
    clock = [time.perf_counter()]

    source = {"uri": rides, "bytes": Path(rides).stat().st_size, "year": int(month[:4]), "month": int(month[5:])}
    found = read_rides(Path(rides), source)
    clock.append(time.perf_counter())

    features = encode(found.frame, pipeline[0])
    clock.append(time.perf_counter())

    with threadpool_limits(limits=1):
        predicted = pipeline[1:].predict(features)
    scores = Scores(predicted, 0, rmse(predicted, target(found.frame)))
    clock.append(time.perf_counter())

    write_result(found, scores, source, "1", Path(out))
    clock.append(time.perf_counter())

    phases = [end - begin for begin, end in pairwise(clock)]
    sys.stdout.write(json.dumps({"rows": found.frame.height, "phases": phases}))


if __name__ == "__main__":
    main(*sys.argv[1:5])
