"""Scores a month in phases: compares the rides' durations with the model's predictions."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

import polars as pl

from taxi.features import UNSEEN, route_columns, target
from taxi.regression import predict, rmse
from taxi.rides import PICKUP, ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from millrace_job import Context
    from taxi.rides import MonthFile, Rides


class Phase(TypedDict):
    """A phase: its name, its number of rows, and its seconds."""

    phase: str
    rows: int
    seconds: float


@dataclass
class Phases:
    """Reports each phase: as progress when it begins, and in the log when it has ended."""

    context: Context
    count: int
    done: list[Phase] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[Phase]:
        """Begins a phase and yields it, so that the caller can set its number of rows."""
        self.context.progress(len(self.done) / self.count, name)
        phase: Phase = {"phase": name, "rows": 0, "seconds": 0}
        began = time.monotonic()
        yield phase
        phase["seconds"] = round(time.monotonic() - began, 3)
        self.done.append(phase)
        self.context.log.info(name, rows=phase["rows"], seconds=phase["seconds"])


@dataclass(frozen=True)
class Scores:
    """The predicted duration of each ride, in minutes."""

    predicted: NDArray[np.float64]
    unseen: int
    """Rides on routes that the model has never seen: they are predicted by their distance."""
    rmse: float


def predict_rides(rides: Rides, pipeline: Pipeline) -> Scores:
    """Predicts each ride."""
    predicted = predict(pipeline, rides.frame)
    columns = route_columns(rides.frame, pipeline.steps[0][1])
    return Scores(predicted, int((columns == UNSEEN).sum()), rmse(predicted, target(rides.frame)))


def write_result(rides: Rides, scores: Scores, file: MonthFile, model_version: str, path: Path) -> None:
    """Writes a row for each ride. A ride's id is the month and the row in the month's file, so it never changes."""
    month = f"{file['year']:04d}/{file['month']:02d}_"
    actual = pl.col("duration")
    rides.frame.select(
        ride_id=pl.concat_str(pl.lit(month), pl.col("row")),
        **{name: pl.col(name) for name in (PICKUP, *ZONES)},
        actual_duration=actual,
        predicted_duration=pl.Series(scores.predicted),
        diff=actual - pl.Series(scores.predicted),
        model_version=pl.lit(model_version),
    ).write_parquet(path, compression="zstd")
