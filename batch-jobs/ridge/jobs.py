"""The jobs of ridge-sweep. scikit-learn is imported where it is used, because loading it takes longer than the work."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import TypedDict

from millrace_job import Artifact, Context, ObjectReference, base_name, job
from ridge.dataset import generate, read_csv, write_csv
from ridge.source import read_source

TEST_FRACTION = 0.25
SPLIT_SEED = 23


class DownloadInput(TypedDict):
    scheduledAt: str
    source: ObjectReference | None


class DownloadOutput(TypedDict):
    file: Artifact
    rows: int


class SplitInput(TypedDict):
    dataset: Artifact


class SplitOutput(TypedDict):
    train: Artifact
    test: Artifact


class TrainInput(TypedDict):
    train: Artifact
    alpha: float


class TrainOutput(TypedDict):
    alpha: float
    model: Artifact


class EvaluateInput(TypedDict):
    alpha: float
    model: Artifact
    test: Artifact


class EvaluateOutput(TypedDict):
    alpha: float
    model: Artifact
    r2: float
    report: Artifact


@job("ridge.download")
def download(input: DownloadInput, context: Context) -> DownloadOutput:
    """Makes the dataset: generated from the scheduled time, or read from the given CSV."""
    scheduled_at = datetime.fromisoformat(input["scheduledAt"])
    source = input["source"]
    data = generate(scheduled_at) if source is None else read_source(source, context)
    name = f"dataset_{scheduled_at:%Y%m%d%H%M%S}.csv"
    context.log.info("dataset made", rows=len(data), source=source["uri"] if source else "generated")
    return {"file": context.artifacts.write_bytes(name, write_csv(data)), "rows": len(data)}


@job("ridge.split")
def split(input: SplitInput, context: Context) -> SplitOutput:
    """Splits the dataset: three quarters for training, and a quarter for the test."""
    from sklearn.model_selection import train_test_split

    data = read_csv(context.artifacts.fetch(input["dataset"]))
    train_rows, test_rows = train_test_split(data, test_size=TEST_FRACTION, random_state=SPLIT_SEED)
    context.log.info("split", train=len(train_rows), test=len(test_rows))
    name = base_name(input["dataset"]["uri"])
    return {
        "train": context.artifacts.write_bytes(f"train_{name}", write_csv(train_rows)),
        "test": context.artifacts.write_bytes(f"test_{name}", write_csv(test_rows)),
    }


@job("ridge.train")
def train(input: TrainInput, context: Context) -> TrainOutput:
    """Fits a ridge regression with the given alpha."""
    import joblib
    from sklearn.linear_model import Ridge

    # JavaScript writes the alpha 1.0 as 1. The model's name has the form that Python writes.
    alpha = float(input["alpha"])
    data = read_csv(context.artifacts.fetch(input["train"]))
    model = Ridge(alpha=alpha).fit(data[:, :1], data[:, 1])
    context.log.info("fitted", alpha=alpha, slope=float(model.coef_[0]), intercept=float(model.intercept_))

    file = context.scratch / "model.joblib"
    joblib.dump(model, file)
    name = f"model_{alpha}_{_stem(input['train'])}.joblib"
    return {"alpha": alpha, "model": context.artifacts.write_file(name, file)}


@job("ridge.evaluate")
def evaluate(input: EvaluateInput, context: Context) -> EvaluateOutput:
    """Scores a model on the test set: R²."""
    import joblib

    # Loading a pickle runs its code. `fetch` has checked that it is exactly the file that the train job wrote.
    model = joblib.load(context.artifacts.fetch(input["model"]))
    data = read_csv(context.artifacts.fetch(input["test"]))
    r2 = float(model.score(data[:, :1], data[:, 1]))
    context.log.info("scored", alpha=input["alpha"], r2=r2)
    return {
        "alpha": input["alpha"],
        "model": input["model"],
        "r2": r2,
        "report": context.artifacts.write_text(f"eval_{_stem(input['model'])}.txt", f"{r2!r}\n"),
    }


def _stem(artifact: Artifact) -> str:
    """The name without its ending, such as `model_1.0_train_dataset_20211004162100`, from the file's URI."""
    return PurePosixPath(base_name(artifact["uri"])).stem
