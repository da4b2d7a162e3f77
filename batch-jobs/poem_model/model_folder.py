"""The model's folder in MLflow's format, model and tokeniser together: see millrace_job.mlflow_model."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millrace_job import FatalError
from millrace_job.mlflow_model import MlflowModel, Signature, StoredModel, write_mlflow_model
from poem_model.model import CONFIG, TOKENISER, WEIGHTS

if TYPE_CHECKING:
    from millrace_job import Artifacts

SERVING_CODE = Path(__file__).parent / "serving" / "poem_writer.py"
# Packages that serve the model. The packages that trained it aren't needed.
REQUIREMENTS = (
    "pandas>=2.1",
    "safetensors>=0.8",
    f"tokenizers=={version('tokenizers')}",
    "torch>=2.13",
    f"transformers=={version('transformers')}",
)
SIGNATURE: Signature = {
    "inputs": [{"name": "prompt", "type": "string"}],
    "outputs": [{"name": "poem", "type": "string"}],
}
FILES = (CONFIG, WEIGHTS, TOKENISER)


def write_model(model: Any, tokeniser: bytes, artifacts: Artifacts, scratch: Path) -> StoredModel:
    """Stores model and tokeniser as a folder of artifacts. Weights are safetensors, so loading them runs no code."""
    folder = scratch / "model"
    model.save_pretrained(folder)
    (folder / TOKENISER).write_bytes(tokeniser)
    types = {CONFIG: "application/json", WEIGHTS: "application/octet-stream", TOKENISER: "application/json"}
    stored = MlflowModel(
        loader=SERVING_CODE,
        data={name: ((folder / name).read_bytes(), types[name]) for name in FILES},
        signature=SIGNATURE,
        example=[("The",)],
        requirements=REQUIREMENTS,
    )
    return write_mlflow_model(stored, artifacts)


def fetch_model(stored: StoredModel, artifacts: Artifacts, scratch: Path) -> Path:
    """A local folder with the model's configuration, weights and tokeniser. Each file is checked by its SHA-256.

    Raises:
        FatalError: it is another kind of model.
    """
    uri = stored["uri"].rstrip("/")
    files = {file["uri"].removeprefix(f"{uri}/data/"): file for file in stored["files"]}
    missing = [name for name in FILES if name not in files]
    if missing:
        raise FatalError(f"{uri} has no data/{' and no data/'.join(missing)}: give a model that poem_model.train made")
    folder = scratch / "model-in"
    folder.mkdir()
    for name in FILES:
        shutil.copyfile(artifacts.fetch(files[name]), folder / name)
    return folder
