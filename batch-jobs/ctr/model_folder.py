"""A model as a folder in MLflow's format, which `mlflow.pyfunc.load_model` reads.

Written here and not by MLflow, whose import takes longer than training on two million rows does and brings forty
packages into the image. Nothing of it depends on the time or the machine: the same model gives the same bytes.
The format: https://mlflow.org/docs/latest/ml/model/ (Model Format).
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from ctr.columns import FEATURE_COLUMNS
from ctr.regression import LinearModel
from millrace_job import FatalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millrace_job import Artifact, Artifacts

FOLDER = "model"
PREDICTION = "click_probability"
SERVING_CODE = Path(__file__).parent / "serving" / "ctr_model.py"
# What serves the model, and not what trained it.
PYTHON = "3.11"
REQUIREMENTS = ("numpy>=1.26", "pandas>=2.1", "scikit-learn>=1.4")
EXAMPLE = (
    *("14102100", "1005", "0", "1fbe01fe", "f3845767", "28905ebd", "ecad2386", "7801e8d9", "07d7df22", "a99f214a"),
    *("ddd2926e", "44956a24", "1", "2", "15706", "320", "50", "1722", "0", "35", "-1", "79"),
)


class StoredModel(TypedDict):
    """A model's folder: its URI, without a slash at the end, and its files."""

    uri: str
    files: list[Artifact]


class Field(TypedDict):
    name: str
    type: str


class Signature(TypedDict):
    """Columns that a model takes and gives. All inputs are text: an id such as 1e5 would not survive as a number."""

    inputs: list[Field]
    outputs: list[Field]


SIGNATURE: Signature = {
    "inputs": [{"name": column, "type": "string"} for column in FEATURE_COLUMNS],
    "outputs": [{"name": PREDICTION, "type": "double"}],
}


def write_model(model: LinearModel, artifacts: Artifacts) -> StoredModel:
    """Stores the model's folder as artifacts."""
    files = [artifacts.write_bytes(f"{FOLDER}/{name}", *content) for name, content in _files(model).items()]
    return {"uri": files[0]["uri"].removesuffix("/MLmodel"), "files": files}


def read_model(stored: StoredModel, artifacts: Artifacts) -> LinearModel:
    """The model of a folder that `write_model` wrote, each file checked by its SHA-256.

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
    # Numbers only: nothing in the file is run.
    coefficients = np.load(artifacts.fetch(files["data/coefficients.npy"]), allow_pickle=False)
    if coefficients.dtype != np.float64 or coefficients.shape != (2 ** (coefficients.size.bit_length() - 1),):
        raise FatalError(
            f"{stored['uri']}/data/coefficients.npy is not 2^bits numbers of 64 bits: train the model anew"
        )
    return LinearModel(coefficients, float(about["intercept"]))


def _files(model: LinearModel) -> Mapping[str, tuple[bytes, str]]:
    coefficients = io.BytesIO()
    np.save(coefficients, model.coefficients)
    about = {"columns": FEATURE_COLUMNS, "intercept": model.intercept}
    example = {"columns": FEATURE_COLUMNS, "data": [EXAMPLE]}
    return {
        "MLmodel": (_json(_description()), "application/yaml"),
        "data/model.json": (_json(about), "application/json"),
        "data/coefficients.npy": (coefficients.getvalue(), "application/octet-stream"),
        "code/ctr_model.py": (SERVING_CODE.read_bytes(), "text/x-python"),
        "python_env.yaml": (_json({"python": PYTHON, "dependencies": ["-r requirements.txt"]}), "application/yaml"),
        "requirements.txt": ("".join(f"{line}\n" for line in REQUIREMENTS).encode(), "text/plain"),
        "input_example.json": (_json(example), "application/json"),
        "serving_input_example.json": (_json({"dataframe_split": example}), "application/json"),
    }


def _description() -> dict[str, Any]:
    # MLflow reads YAML, and all JSON is YAML.
    signature = {
        side: json.dumps([{**field, "required": True} for field in fields])
        for side, fields in (("inputs", SIGNATURE["inputs"]), ("outputs", SIGNATURE["outputs"]))
    }
    return {
        "flavors": {
            "python_function": {
                "loader_module": SERVING_CODE.stem,
                "code": "code",
                "data": "data",
                "env": {"virtualenv": "python_env.yaml"},
                "python_version": PYTHON,
            }
        },
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "serving_input_path": "serving_input_example.json",
            "type": "dataframe",
            "pandas_orient": "split",
        },
        "signature": {**signature, "params": None},
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
