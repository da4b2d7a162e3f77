"""A lake of generated poems, and the jobs of poem_model on it, run in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from job_context import make_context
from poem_archives import generated, unzip
from poem_model import jobs

if TYPE_CHECKING:
    from poem_model.jobs import TokeniseOutput, TrainInput

# Learns generated ballads within seconds on one core: perplexity 8, where the unigram model has 59. One thread: on a
# machine that others use too, two wait long for one another.
SMALL: dict[str, Any] = {
    "model": {"seqLen": 64, "layers": 2, "heads": 4, "width": 64, "dropout": 0.0},
    "steps": 120,
    "batchSize": 16,
    "learningRate": 3e-3,
    "warmupSteps": 10,
    "weightDecay": 0.1,
    "clipNorm": 1.0,
    "evaluateSteps": 40,
    "patience": 5,
    "checkpointSteps": 40,
    "precision": "auto",
    "threads": 1,
    "seed": 42,
}


def make_lake(folder: Path, files: int = 600) -> dict[str, Any]:
    """Generated poems in a lake: what `poem_model.tokenise` takes as `poems`, of the ballads."""
    output = unzip(generated(folder / "poems.zip", files), folder / "unzip")
    manifest = json.loads(Path(output["manifest"]["uri"]).read_bytes())
    return {"lake": manifest["lake"], "catalogue": manifest["catalogue"], "form": "ballad"}


def tokenised(folder: Path, poems: dict[str, Any], **changes: Any) -> TokeniseOutput:
    """What `poem_model.tokenise` makes of the poems, with a vocabulary of 300."""
    asked: Any = {"poems": poems, "trainShare": 0.7, "vocabularySize": 300, "pretrained": None, **changes}
    return jobs.tokenise(asked, make_context(folder, asked))


def train_input(tokens: TokeniseOutput, **changes: Any) -> TrainInput:
    """What `poem_model.train` takes, with settings for generated poems."""
    asked = {"tokeniser": tokens["tokeniser"], "train": tokens["train"], "pretrained": None, **SMALL, **changes}
    return cast("TrainInput", asked)
