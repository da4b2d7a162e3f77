"""Writes the model's folder in MLflow's format, and reads the Pipeline of any such folder."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

import sklearn
import yaml
from sklearn.feature_extraction import DictVectorizer
from sklearn.pipeline import Pipeline

from millrace_job import FatalError
from millrace_job.mlflow_model import MlflowModel, Signature, StoredModel, write_mlflow_model
from taxi.features import DISTANCE, ROUTE, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millrace_job import Artifact, Artifacts

SERVING_CODE = Path(__file__).parent / "serving" / "taxi_model.py"
PICKLE = "model.pkl"
# A pickle must be read by the version of scikit-learn that wrote it.
REQUIREMENTS = (f"scikit-learn=={sklearn.__version__}", "numpy>=2", "pandas>=2.1")
READABLE = ("pickle", "cloudpickle")
SIGNATURE: Signature = {
    "inputs": [{"name": ROUTE, "type": "string"}, {"name": DISTANCE, "type": "double"}],
    "outputs": [{"name": TARGET, "type": "double"}],
}


class ModelFile(TypedDict):
    """A file of a model. A file of an MLflow run may have no checksum."""

    uri: str
    versionId: NotRequired[str]
    sha256: NotRequired[str]
    bytes: NotRequired[int]
    mediaType: NotRequired[str]


class AnyModel(TypedDict):
    """A folder in MLflow's format."""

    uri: str
    files: list[ModelFile]


def write_model(pipeline: Pipeline, artifacts: Artifacts) -> StoredModel:
    """Stores vectoriser and regressor together as a folder of artifacts. The same Pipeline gives the same bytes."""
    data = pickle.dumps(pipeline, protocol=5)
    folder = MlflowModel(
        loader=SERVING_CODE,
        data={PICKLE: (data, "application/octet-stream")},
        signature=SIGNATURE,
        example=[("74_75", 1.9)],
        requirements=REQUIREMENTS,
        flavors={
            "sklearn": {
                "pickled_model": f"data/{PICKLE}",
                "serialization_format": "pickle",
                "sklearn_version": sklearn.__version__,
                "code": "code",
            }
        },
    )
    return write_mlflow_model(folder, artifacts)


def read_model(model: AnyModel | StoredModel, artifacts: Artifacts) -> Pipeline:
    """Loads the Pipeline of a folder. Files with a known SHA-256 are checked.

    Loading a pickle runs its code, so use only folders of people whom you trust.

    Raises:
        FatalError: it isn't a Pipeline that begins with a DictVectorizer, or this scikit-learn can't read it.
    """
    uri = model["uri"].rstrip("/")
    files: Sequence[ModelFile | Artifact] = model["files"]
    by_path = {file["uri"].removeprefix(f"{uri}/"): file for file in files}
    path = _pickle_path(uri, by_path, artifacts)
    content = artifacts.fetch(by_path[path]).read_bytes()
    try:
        pipeline = pickle.loads(content)  # noqa: S301 - see above
    except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, TypeError, ValueError) as error:
        raise FatalError(
            f"{uri}/{path} can't be read by scikit-learn {sklearn.__version__} ({type(error).__name__}: {error}): "
            "train the model with that version"
        ) from error
    if not isinstance(pipeline, Pipeline) or not isinstance(pipeline.steps[0][1], DictVectorizer):
        raise FatalError(
            f"{uri}/{path} holds a {type(pipeline).__name__}: give a scikit-learn Pipeline that begins with a "
            "DictVectorizer"
        )
    return pipeline


def _pickle_path(uri: str, files: dict[str, ModelFile | Artifact], artifacts: Artifacts) -> str:
    """The Pipeline's path in the folder, from the file MLmodel."""
    if "MLmodel" not in files:
        raise FatalError(f"{uri} has no file MLmodel: give a folder in MLflow's format")
    about = yaml.safe_load(artifacts.fetch(files["MLmodel"]).read_bytes())
    flavors = about.get("flavors", {}) if isinstance(about, dict) else {}
    flavor = flavors.get("sklearn")
    if flavor is None:
        raise FatalError(f"{uri} has the flavors {', '.join(flavors) or 'none'}: give a model saved by mlflow.sklearn")
    written = flavor.get("serialization_format", "pickle")
    if written not in READABLE:
        raise FatalError(f'{uri} is written by {written}: save it with serialization_format="cloudpickle"')
    path = str(flavor["pickled_model"])
    if path not in files:
        raise FatalError(f"{uri} has no file {path}, which its MLmodel names: upload the whole folder")
    return path
