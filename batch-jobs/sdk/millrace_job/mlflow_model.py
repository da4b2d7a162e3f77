"""Models as folders in MLflow's format, which `mlflow.pyfunc.load_model` reads.

This module writes them without MLflow, because importing MLflow takes longer than many trainings, and it brings forty
packages into an image. Nothing in a folder depends on the time or the machine: the same model gives the same bytes.
The format: https://mlflow.org/docs/latest/ml/model/ (Model Format).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from millrace_job.artifact import Artifact, Artifacts

FOLDER = "model"
# Packages that serve models. The packages that train them aren't needed.
PYTHON = "3.11"


class StoredModel(TypedDict):
    """A model's folder: its URI, without a slash at the end, and its files."""

    uri: str
    files: list[Artifact]


class Field(TypedDict):
    """A column, and its type as MLflow names it: `string`, `double`, `long` and so on."""

    name: str
    type: str


class Signature(TypedDict):
    """The columns of a model's input and output."""

    inputs: list[Field]
    outputs: list[Field]


@dataclass(frozen=True)
class MlflowModel:
    """Everything that a model's folder is made from."""

    loader: Path
    """A Python file that is stored with the model. MLflow calls its `_load_pyfunc(path)` with the folder `data`."""
    data: Mapping[str, tuple[bytes, str]]
    """Files of the folder `data` by name, each with its media type."""
    signature: Signature
    example: Sequence[Sequence[object]]
    """Rows that fit the signature's inputs."""
    requirements: Sequence[str]
    """Packages that the loader needs, as pip takes them."""
    flavors: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Flavors besides `python_function`."""


def write_mlflow_model(model: MlflowModel, artifacts: Artifacts) -> StoredModel:
    """Stores the model's folder, `model/`, as artifacts."""
    files = [artifacts.write_bytes(f"{FOLDER}/{name}", *content) for name, content in _files(model).items()]
    return {"uri": files[0]["uri"].removesuffix("/MLmodel"), "files": files}


def _files(model: MlflowModel) -> Mapping[str, tuple[bytes, str]]:
    columns = [each["name"] for each in model.signature["inputs"]]
    example = {"columns": columns, "data": model.example}
    return {
        "MLmodel": (_json(_description(model)), "application/yaml"),
        **{f"data/{name}": content for name, content in model.data.items()},
        f"code/{model.loader.name}": (model.loader.read_bytes(), "text/x-python"),
        "python_env.yaml": (_json({"python": PYTHON, "dependencies": ["-r requirements.txt"]}), "application/yaml"),
        "requirements.txt": ("".join(f"{line}\n" for line in model.requirements).encode(), "text/plain"),
        "input_example.json": (_json(example), "application/json"),
        "serving_input_example.json": (_json({"dataframe_split": example}), "application/json"),
    }


def _description(model: MlflowModel) -> dict[str, Any]:
    # MLflow reads YAML, and all JSON is YAML.
    signature = {
        side: json.dumps([{**each, "required": True} for each in fields])
        for side, fields in (("inputs", model.signature["inputs"]), ("outputs", model.signature["outputs"]))
    }
    return {
        "flavors": {
            "python_function": {
                "loader_module": model.loader.stem,
                "code": "code",
                "data": "data",
                "env": {"virtualenv": "python_env.yaml"},
                "python_version": PYTHON,
            },
            **model.flavors,
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
