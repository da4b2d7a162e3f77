"""The jobs of ctr-training. Modules that load slowly are imported where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from millrace_job import Artifact, Context, job

if TYPE_CHECKING:
    from ctr.regression import Optimizer, Penalty
    from ctr.source import File
    from millrace_job.mlflow_model import Signature, StoredModel


class TrainInput(TypedDict):
    files: list[File]
    testShare: float
    optimizer: Optimizer
    penalty: Penalty
    alpha: float
    eta0: float
    featureBits: int
    seed: int
    epochs: int
    chunkRows: int
    checkpointSeconds: float


class Metrics(TypedDict):
    rows: int
    trainRows: int
    testRows: int
    clickRate: float
    trainLogLoss: float
    testLogLoss: float
    baseLogLoss: float
    seconds: float
    rowsPerSecond: float


class TrainOutput(TypedDict):
    model: StoredModel
    metrics: Metrics
    signature: Signature
    report: Artifact


class EvaluateInput(TypedDict):
    candidate: StoredModel
    champion: StoredModel | None
    files: list[File]
    testShare: float


class Score(TypedDict):
    logLoss: float


class EvaluateOutput(TypedDict):
    testRows: int
    baseLogLoss: float
    candidate: Score
    champion: Score | None
    report: Artifact


@job("ctr.train")
def train(input: TrainInput, context: Context) -> TrainOutput:
    """Fits a logistic regression on hashed features in one pass, and tests it on the newest rows."""
    from ctr.model_folder import SIGNATURE, write_model
    from ctr.regression import Settings
    from ctr.training import Training, entropy

    training = Training(
        input["files"],
        Settings(
            optimizer=input["optimizer"],
            penalty=input["penalty"],
            alpha=input["alpha"],
            eta0=input["eta0"],
            feature_bits=input["featureBits"],
            seed=input["seed"],
        ),
        context,
        test_share=input["testShare"],
        epochs=input["epochs"],
        chunk_rows=input["chunkRows"],
        checkpoint_seconds=input["checkpointSeconds"],
    )
    trained = training.run()
    split, done = trained.split, trained.done
    metrics: Metrics = {
        "rows": split.rows,
        "trainRows": split.train,
        "testRows": split.test,
        "clickRate": done.train_clicks / split.train,
        "trainLogLoss": done.train_loss / split.train,
        "testLogLoss": done.test_loss / split.test,
        "baseLogLoss": entropy(done.test_clicks, split.test),
        "seconds": round(trained.seconds, 3),
        "rowsPerSecond": round(trained.rows_per_second),
    }
    context.log.info("trained", **metrics)
    return {
        "model": write_model(trained.model, context.artifacts),
        "metrics": metrics,
        "signature": SIGNATURE,
        "report": context.report.table(
            "training", [{"metric": name, "value": value} for name, value in metrics.items()]
        ),
    }


@job("ctr.evaluate")
def evaluate(input: EvaluateInput, context: Context) -> EvaluateOutput:
    """Scores a model on the newest rows, and the champion on the same rows if there is one."""
    from ctr.evaluation import score_models
    from ctr.model_folder import read_model

    stored = {"candidate": input["candidate"], "champion": input["champion"]}
    models = {name: read_model(model, context.artifacts) for name, model in stored.items() if model is not None}
    scores = score_models(list(models.values()), input["files"], input["testShare"], context)
    losses = dict(zip(models, scores.models, strict=True))
    context.log.info("scored", rows=scores.rows, base=scores.base, **losses)
    report = [
        # Normalised entropy (He et al., 2014): below 1 means better than a model that knows only the click rate.
        {"model": name, "logLoss": loss, "normalisedEntropy": loss / scores.base if scores.base else None}
        for name, loss in {**losses, "click rate alone": scores.base}.items()
    ]
    return {
        "testRows": scores.rows,
        "baseLogLoss": scores.base,
        "candidate": {"logLoss": losses["candidate"]},
        "champion": {"logLoss": losses["champion"]} if "champion" in losses else None,
        "report": context.report.table("evaluation", report),
    }
