"""Loads this model for `mlflow.pyfunc.load_model`. It is part of the model and needs none of the training code."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class TaxiModel:
    """Predicts how long taxi rides take, in minutes."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """The duration of each ride, from its route (`PU_DO`, such as 74_75) and its `trip_distance` in miles."""
        rides = model_input[["PU_DO", "trip_distance"]].to_dict(orient="records")
        return pd.DataFrame({"duration": self._pipeline.predict(rides)}, index=model_input.index)


def _load_pyfunc(data_path: str) -> TaxiModel:
    """MLflow calls this with the path of the model's folder `data`."""
    return TaxiModel(pickle.loads((Path(data_path) / "model.pkl").read_bytes()))  # noqa: S301 - it is this model's own
