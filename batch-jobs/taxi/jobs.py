"""The jobs of taxi-training and taxi-scoring. Modules that load slowly are imported where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from millrace_job import Artifact, Context, job
from millrace_job.digest import sha256_of

if TYPE_CHECKING:
    from millrace_job.mlflow_model import Signature, StoredModel
    from taxi.model_folder import AnyModel
    from taxi.regression import Parameters
    from taxi.rides import MonthFile, Rides, Rows
    from taxi.scoring import Phase
    from taxi.search import Evaluation

TRAINING_COLUMNS = ("PU_DO", "trip_distance", "duration")


class FeaturesInput(TypedDict):
    training: MonthFile
    validation: MonthFile


class Frame(TypedDict):
    file: Artifact
    rows: Rows


class Data(TypedDict):
    uri: str
    versionId: NotRequired[str]
    sha256: str
    bytes: int
    rows: int


class FeaturesOutput(TypedDict):
    training: Frame
    validation: Frame
    data: list[Data]
    report: Artifact


class SearchInput(TypedDict):
    training: Frame
    validation: Frame
    maxEvals: int
    seed: int


class SearchOutput(TypedDict):
    best: Parameters
    rmse: float
    evaluations: list[Evaluation]
    report: Artifact


class TrainInput(TypedDict):
    training: Frame
    validation: Frame
    parameters: Parameters
    champion: StoredModel | None
    seed: int


class Metrics(TypedDict):
    rmse: float
    trainRmse: float
    baseRmse: float
    trainRows: int
    validationRows: int
    routes: int


class Score(TypedDict):
    rmse: float


class TrainOutput(TypedDict):
    model: StoredModel
    metrics: Metrics
    candidate: Score
    champion: Score | None
    base: Score
    signature: Signature
    report: Artifact


class ScoreInput(TypedDict):
    rides: MonthFile
    model: AnyModel
    modelVersion: str


class ScoreOutput(TypedDict):
    predictions: Artifact
    rows: Rows
    unseen: int
    rmse: float
    phases: list[Phase]
    report: Artifact


@job("taxi.features")
def features(input: FeaturesInput, context: Context) -> FeaturesOutput:
    """Reads two months, drops rows that aren't valid rides, and adds route and duration."""
    from taxi.rides import read_rides

    frames: dict[str, Frame] = {}
    data: list[Data] = []
    for name, month in (("training", input["training"]), ("validation", input["validation"])):
        path = context.artifacts.fetch(month)
        rides = read_rides(path, month)
        frames[name] = {"file": _write_frame(name, rides, context), "rows": rides.rows}
        data.append(_describe(month, sha256_of(path), rides.rows["read"]))
        context.log.info("rides read", month=name, **rides.rows)
    report = [
        {"month": name, "read": rows["read"], "kept": rows["kept"], **rows["dropped"]}
        for name, rows in ((name, frame["rows"]) for name, frame in frames.items())
    ]
    return {
        "training": frames["training"],
        "validation": frames["validation"],
        "data": data,
        "report": context.report.table("rides", report),
    }


@job("taxi.search")
def search(input: SearchInput, context: Context) -> SearchOutput:
    """Draws settings at random by a seed, and returns those that predict the validation month best."""
    import polars as pl

    from taxi.search import candidates
    from taxi.search import search as evaluate

    training, validation = (pl.read_parquet(context.artifacts.fetch(input[name]["file"])) for name in _MONTHS)
    seed = input["seed"]
    evaluations = evaluate(training, validation, candidates(input["maxEvals"], seed), seed, context)
    best = min(evaluations, key=lambda each: each["rmse"])
    ranked = sorted(evaluations, key=lambda each: each["rmse"])
    return {
        "best": {
            "maxDepth": best["maxDepth"],
            "learningRate": best["learningRate"],
            "l2Regularization": best["l2Regularization"],
        },
        "rmse": best["rmse"],
        "evaluations": evaluations,
        "report": context.report.table("search", ranked),
    }


@job("taxi.train")
def train(input: TrainInput, context: Context) -> TrainOutput:
    """Fits the model with given settings, stores it, and measures it and the champion on the validation month."""
    import polars as pl

    from taxi.features import fit_vectorizer, target
    from taxi.model_folder import SIGNATURE, read_model, write_model
    from taxi.regression import fit, predict, rmse

    training, validation = (pl.read_parquet(context.artifacts.fetch(input[name]["file"])) for name in _MONTHS)
    vectorizer = fit_vectorizer(training)
    pipeline = fit(training, vectorizer, input["parameters"], input["seed"])
    actual = target(validation)
    base = rmse(float(target(training).mean()), actual)
    champion = input["champion"]
    its = None if champion is None else rmse(predict(read_model(champion, context.artifacts), validation), actual)
    metrics: Metrics = {
        "rmse": rmse(predict(pipeline, validation), actual),
        "trainRmse": rmse(predict(pipeline, training), target(training)),
        "baseRmse": base,
        "trainRows": training.height,
        "validationRows": validation.height,
        "routes": len(vectorizer.vocabulary_) - 1,
    }
    context.log.info("trained", **metrics, champion=its)
    scores = {"candidate": metrics["rmse"], "champion": its, "mean of the training month": base}
    return {
        "model": write_model(pipeline, context.artifacts),
        "metrics": metrics,
        "candidate": {"rmse": metrics["rmse"]},
        "champion": None if its is None else {"rmse": its},
        "base": {"rmse": base},
        "signature": SIGNATURE,
        "report": context.report.table("validation", [{"model": name, "rmse": its} for name, its in scores.items()]),
    }


@job("taxi.score")
def score(input: ScoreInput, context: Context) -> ScoreOutput:
    """Predicts the durations of a month's rides, and writes them next to the actual durations."""
    from taxi.model_folder import read_model
    from taxi.rides import read_rides
    from taxi.scoring import Phases, predict_rides, write_result

    phases = Phases(context, count=4)
    month, path = input["rides"], context.scratch / "predictions.parquet"
    with phases.phase("prepare_dictionaries") as phase:
        rides = read_rides(context.artifacts.fetch(month), month)
        phase["rows"] = rides.rows["kept"]
    with phases.phase("load_model"):
        pipeline = read_model(input["model"], context.artifacts)
    with phases.phase("make_prediction") as phase:
        scores = predict_rides(rides, pipeline)
        phase["rows"] = len(scores.predicted)
    with phases.phase("make_result") as phase:
        write_result(rides, scores, month, input["modelVersion"], path)
        phase["rows"] = len(scores.predicted)
    context.log.info("scored", **rides.rows, unseen=scores.unseen, rmse=scores.rmse)
    return {
        "predictions": context.artifacts.write_file("predictions.parquet", path),
        "rows": rides.rows,
        "unseen": scores.unseen,
        "rmse": scores.rmse,
        "phases": phases.done,
        "report": context.report.table("phases", phases.done),
    }


_MONTHS: tuple[Literal["training"], Literal["validation"]] = ("training", "validation")


def _write_frame(name: str, rides: Rides, context: Context) -> Artifact:
    path = context.scratch / f"{name}.parquet"
    rides.frame.select(TRAINING_COLUMNS).write_parquet(path, compression="zstd")
    return context.artifacts.write_file(path.name, path)


def _describe(month: MonthFile, sha256: str, rows: int) -> Data:
    data: Data = {"uri": month["uri"], "sha256": sha256, "bytes": month["bytes"], "rows": rows}
    if "versionId" in month:
        data["versionId"] = month["versionId"]
    return data
