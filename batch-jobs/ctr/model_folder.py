"""The model's folder in MLflow's format: see millrace_job.mlflow_model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ctr.columns import FEATURE_COLUMNS
from ctr.regression import LinearModel
from millrace_job import FatalError
from millrace_job.mlflow_model import MlflowModel, Signature, StoredModel, write_mlflow_model

if TYPE_CHECKING:
    from millrace_job import Artifacts

PREDICTION = "click_probability"
SERVING_CODE = Path(__file__).parent / "serving" / "ctr_model.py"
# Packages that serve the model. The packages that trained it aren't needed.
REQUIREMENTS = ("numpy>=1.26", "pandas>=2.1", "scikit-learn>=1.4")
EXAMPLE = (
    *("14102100", "1005", "0", "1fbe01fe", "f3845767", "28905ebd", "ecad2386", "7801e8d9", "07d7df22", "a99f214a"),
    *("ddd2926e", "44956a24", "1", "2", "15706", "320", "50", "1722", "0", "35", "-1", "79"),
)
# All inputs are text, because an id such as 1e5 would change if it were read as a number.
SIGNATURE: Signature = {
    "inputs": [{"name": column, "type": "string"} for column in FEATURE_COLUMNS],
    "outputs": [{"name": PREDICTION, "type": "double"}],
}


def write_model(model: LinearModel, artifacts: Artifacts) -> StoredModel:
    """Stores the model's folder as artifacts."""
    coefficients = io.BytesIO()
    np.save(coefficients, model.coefficients)
    about = json.dumps({"columns": FEATURE_COLUMNS, "intercept": model.intercept}, indent=2) + "\n"
    folder = MlflowModel(
        loader=SERVING_CODE,
        data={
            "model.json": (about.encode(), "application/json"),
            "coefficients.npy": (coefficients.getvalue(), "application/octet-stream"),
        },
        signature=SIGNATURE,
        example=[EXAMPLE],
        requirements=REQUIREMENTS,
    )
    return write_mlflow_model(folder, artifacts)


def read_model(stored: StoredModel, artifacts: Artifacts) -> LinearModel:
    """Loads a model from a folder that `write_model` wrote. Each file is checked by its SHA-256.

    Raises:
        FatalError: the folder holds another kind of model.
    """
    files = {file["uri"].removeprefix(f"{stored['uri'].rstrip('/')}/"): file for file in stored["files"]}
    missing = {"data/model.json", "data/coefficients.npy"} - set(files)
    if missing:
        raise FatalError(f"{stored['uri']} has no {' and no '.join(sorted(missing))}: give a model that ctr.train made")
    about = json.loads(artifacts.fetch(files["data/model.json"]).read_bytes())
    if about["columns"] != list(FEATURE_COLUMNS):
        raise FatalError(f"{stored['uri']} is a model of other columns, {', '.join(about['columns'])}: train it anew")
    # Without pickle, so loading the file runs no code.
    coefficients = np.load(artifacts.fetch(files["data/coefficients.npy"]), allow_pickle=False)
    if coefficients.dtype != np.float64 or coefficients.shape != (2 ** (coefficients.size.bit_length() - 1),):
        raise FatalError(
            f"{stored['uri']}/data/coefficients.npy is not 2^bits numbers of 64 bits: train the model anew"
        )
    return LinearModel(coefficients, float(about["intercept"]))
