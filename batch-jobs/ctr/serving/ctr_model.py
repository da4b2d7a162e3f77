"""Loads this model for `mlflow.pyfunc.load_model`. It is part of the model and needs none of the training code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction import FeatureHasher


class ClickModel:
    """A logistic regression on hashed features: each `column=value` of a row is one, as FeatureHasher hashes it."""

    def __init__(self, columns: list[str], intercept: float, coefficients: np.ndarray[Any, Any]) -> None:
        self._columns = columns
        self._intercept = intercept
        self._coefficients = coefficients
        self._hasher = FeatureHasher(len(coefficients), input_type="string")

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """The probability of a click for each row. The columns are text; a missing value is an empty text."""
        rows = model_input[self._columns].fillna("").itertuples(index=False, name=None)
        features = self._hasher.transform(
            [f"{column}={value}" for column, value in zip(self._columns, row, strict=True)] for row in rows
        )
        margin = features @ self._coefficients + self._intercept
        return pd.DataFrame({"click_probability": 1 / (1 + np.exp(-margin))}, index=model_input.index)


def _load_pyfunc(data_path: str) -> ClickModel:
    """MLflow calls this with the path of the model's folder `data`."""
    folder = Path(data_path)
    about = json.loads((folder / "model.json").read_text())
    coefficients = np.load(folder / "coefficients.npy", allow_pickle=False)
    return ClickModel(about["columns"], about["intercept"], coefficients)
