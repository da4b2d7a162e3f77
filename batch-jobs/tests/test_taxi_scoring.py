"""Scoring a month: with the registry's model, with one of an MLflow run, over routes that no model has seen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from conftest import STORAGE, Bucket, Step
from job_context import make_context
from millrace_job import FatalError
from taxi.jobs import features, score, train
from taxi.model_folder import read_model
from taxi.rides import read_rides
from taxi_rides import month_table, write_month

if TYPE_CHECKING:
    from taxi.jobs import ScoreInput, ScoreOutput
    from taxi.model_folder import AnyModel
    from taxi.rides import MonthFile

COLUMNS = {
    "ride_id": pl.String,
    "lpep_pickup_datetime": pl.Datetime("us"),
    "PULocationID": pl.Int64,
    "DOLocationID": pl.Int64,
    "actual_duration": pl.Float64,
    "predicted_duration": pl.Float64,
    "diff": pl.Float64,
    "model_version": pl.String,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AnyModel:
    folder = tmp_path_factory.mktemp("model")
    months: Any = {name: write_month(folder, 2021, month) for month, name in ((1, "training"), (2, "validation"))}
    frames: Any = features(months, make_context(folder / "features", None))
    asked: Any = {
        "training": frames["training"],
        "validation": frames["validation"],
        "parameters": {"maxDepth": 3, "learningRate": 0.1, "l2Regularization": 1.0},
        "champion": None,
        "seed": 1,
    }
    trained: AnyModel = train(asked, make_context(folder / "train", None))["model"]  # type: ignore[assignment]
    return trained


def score_month(folder: Path, model: AnyModel, file: MonthFile, **changes: Any) -> tuple[ScoreOutput, pl.DataFrame]:
    asked: Any = {"rides": file, "model": model, "modelVersion": "3", **changes}
    job_input: ScoreInput = asked
    output = score(job_input, make_context(folder, asked))
    return output, pl.read_parquet(output["predictions"]["uri"])


def test_each_ride_is_listed_with_its_prediction(tmp_path: Path, model: AnyModel) -> None:
    file = write_month(tmp_path, 2021, 3, seed=2)
    output, result = score_month(tmp_path / "scores", model, file)
    rides = read_rides(Path(file["uri"]), file)
    assert dict(result.schema) == COLUMNS
    assert result.height == output["rows"]["kept"] == rides.frame.height

    # The way of scikit-learn, ride by ride.
    pipeline = read_model(model, make_context(tmp_path / "own", None).artifacts)
    expected = pipeline.predict(rides.frame.select("PU_DO", "trip_distance").to_dicts())
    np.testing.assert_array_equal(result["predicted_duration"], expected)
    np.testing.assert_array_equal(result["actual_duration"], rides.frame["duration"])
    np.testing.assert_array_equal(result["diff"], rides.frame["duration"].to_numpy() - expected)
    assert output["rmse"] == pytest.approx(float(np.sqrt((result["diff"].to_numpy() ** 2).mean())))
    assert result["model_version"].unique().to_list() == ["3"]


def test_a_rides_id_is_its_row_in_the_months_file(tmp_path: Path, model: AnyModel) -> None:
    file = write_month(tmp_path, 2021, 3, seed=2)
    _, result = score_month(tmp_path / "scores", model, file)
    rows = read_rides(Path(file["uri"]), file).frame["row"]
    assert result["ride_id"].to_list() == [f"2021/03_{row}" for row in rows]
    assert result["ride_id"].n_unique() == result.height


def test_the_same_month_and_model_give_the_same_bytes(tmp_path: Path, model: AnyModel) -> None:
    file = write_month(tmp_path, 2021, 3)
    first, _ = score_month(tmp_path / "first", model, file)
    second, _ = score_month(tmp_path / "second", model, file)
    assert first["predictions"]["sha256"] == second["predictions"]["sha256"]


def test_a_route_that_was_never_seen_is_scored_by_its_distance(tmp_path: Path, model: AnyModel) -> None:
    known = month_table(2021, 2)
    unknown = known.with_columns(DOLocationID=pl.lit(999))
    output, result = score_month(tmp_path / "unseen", model, write_month(tmp_path, 2021, 2, unknown))
    assert output["unseen"] == result.height > 1_000
    assert result["predicted_duration"].is_between(0, 90).all()
    assert result["predicted_duration"].n_unique() > 100
    by_distance = result.with_columns(read_rides_distance(unknown, result)).sort("trip_distance")
    half = result.height // 2
    shorter, longer = by_distance[:half]["predicted_duration"], by_distance[half:]["predicted_duration"]
    assert float(shorter.to_numpy().mean()) < float(longer.to_numpy().mean())


def read_rides_distance(table: pl.DataFrame, result: pl.DataFrame) -> pl.Series:
    rows = result["ride_id"].str.split("_").list.get(1).cast(pl.Int64)
    return table["trip_distance"].gather(rows)


def test_each_phase_is_reported_at_its_start_and_listed_in_the_report(tmp_path: Path, model: AnyModel) -> None:
    file = write_month(tmp_path, 2021, 3)
    reports: list[dict[str, Any]] = []
    asked: Any = {"rides": file, "model": model, "modelVersion": "3"}
    output = score(asked, make_context(tmp_path / "scores", asked, on_report=reports.append))
    names = ["prepare_dictionaries", "load_model", "make_prediction", "make_result"]
    assert [each["message"] for each in reports] == names
    assert [phase["phase"] for phase in output["phases"]] == names
    table = json.loads(Path(output["report"]["uri"]).read_bytes())
    assert [row[0] for row in table["rows"]] == names


SAVE_WITH_MLFLOW = """
import pickle, sys
import mlflow.sklearn
with open(sys.argv[1], "rb") as file:
    pipeline = pickle.load(file)
mlflow.sklearn.save_model(pipeline, sys.argv[2], serialization_format="cloudpickle", pip_requirements=[])
"""


def test_a_model_that_mlflow_saved_is_read_without_it(tmp_path: Path, model: AnyModel) -> None:
    pickled = next(file["uri"] for file in model["files"] if file["uri"].endswith("model.pkl"))
    folder = tmp_path / "mlruns/1/0123456789abcdef/artifacts/model"
    process = subprocess.run(
        [sys.executable, "-c", SAVE_WITH_MLFLOW, pickled, str(folder)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    saved: AnyModel = {
        "uri": str(folder),
        "files": [{"uri": str(path)} for path in sorted(folder.rglob("*")) if path.is_file()],
    }
    file = write_month(tmp_path, 2021, 3)
    _, ours = score_month(tmp_path / "ours", model, file)
    _, theirs = score_month(tmp_path / "theirs", saved, file, modelVersion="0123456789abcdef")
    np.testing.assert_array_equal(ours["predicted_duration"], theirs["predicted_duration"])
    assert theirs["model_version"].unique().to_list() == ["0123456789abcdef"]


def folder_with(folder: Path, description: str, content: bytes = b"") -> AnyModel:
    folder.mkdir()
    (folder / "MLmodel").write_text(description)
    (folder / "model.pkl").write_bytes(content)
    return {"uri": str(folder), "files": [{"uri": str(folder / name)} for name in ("MLmodel", "model.pkl")]}


SKLEARN = "flavors:\n  sklearn:\n    pickled_model: {path}\n    serialization_format: {written}\n"


@pytest.mark.parametrize(
    ("description", "content", "problem"),
    [
        ("flavors:\n  lightgbm: {}\n", b"", r"has the flavors lightgbm: give a model saved by mlflow\.sklearn"),
        (SKLEARN.format(path="model.skops", written="skops"), b"", r'serialization_format="cloudpickle"'),
        (SKLEARN.format(path="other.pkl", written="pickle"), b"", r"has no file other\.pkl, which its MLmodel names"),
        (SKLEARN.format(path="model.pkl", written="pickle"), b"no pickle", r"can't be read by scikit-learn \d"),
        (SKLEARN.format(path="model.pkl", written="pickle"), b"\x80\x04]\x94.", r"holds a list: give a scikit-learn"),
    ],
)
def test_a_folder_that_holds_no_such_model_is_refused(
    tmp_path: Path, description: str, content: bytes, problem: str
) -> None:
    model = folder_with(tmp_path / "model", description, content)
    with pytest.raises(FatalError, match=problem):
        score_month(tmp_path / "scores", model, write_month(tmp_path, 2021, 3, rows=100))


def test_a_folder_without_mlmodel_is_refused(tmp_path: Path, model: AnyModel) -> None:
    files = [file for file in model["files"] if not file["uri"].endswith("/MLmodel")]
    with pytest.raises(FatalError, match="has no file MLmodel: give a folder in MLflow's format"):
        read_model({"uri": model["uri"], "files": files}, make_context(tmp_path, None).artifacts)


def test_a_job_scores_a_month_that_lies_in_s3(bucket: Bucket, tmp_path: Path, model: AnyModel) -> None:
    file = write_month(tmp_path, 2021, 3)
    uri = f"{bucket.uri}raw/taxi/green_tripdata_2021-03.parquet"
    stored = STORAGE.put(uri, Path(file["uri"]), media_type="application/vnd.apache.parquet")
    assert stored.version_id is not None
    remote: AnyModel = {"uri": f"{bucket.uri}models/taxi/00003/model", "files": []}
    for local in model["files"]:
        path = local["uri"].removeprefix(f"{model['uri']}/")
        STORAGE.put(f"{remote['uri']}/{path}", Path(local["uri"]), media_type="text/plain")
        remote["files"].append({"uri": f"{remote['uri']}/{path}", "sha256": local["sha256"]})
    step = Step(f"{bucket.uri}runs/taxi-scoring/make_prediction/", "taxi.score", bucket.env)
    month = {**file, "uri": uri, "versionId": stored.version_id}
    step.put_inputs({0: {"rides": month, "model": remote, "modelVersion": "3"}})
    code, lines = step.run()
    assert code == 0, lines
    output = step.read("0/1.1/_manifest.json")["output"]
    _, result = score_month(tmp_path / "scores", model, file)
    content, _ = STORAGE.read(output["predictions"]["uri"])
    assert pl.read_parquet(content).equals(result)
