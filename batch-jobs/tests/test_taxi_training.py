"""Training as a whole: what is learnt, that it is the same bits each time, and that MLflow reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from job_context import make_context
from millrace_job import FatalError
from taxi.features import target
from taxi.jobs import features, search, train
from taxi.model_folder import read_model
from taxi.regression import predict, rmse
from taxi.search import candidates
from taxi_rides import month_table, write_month

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taxi.jobs import FeaturesOutput, SearchInput, TrainInput, TrainOutput

PARAMETERS = {"maxDepth": 4, "learningRate": 0.1, "l2Regularization": 1.0}


class Interrupted(Exception):
    pass


def featured(folder: Path, **changes: Any) -> FeaturesOutput:
    months = {
        "training": write_month(folder, 2021, 1, rows=4_000),
        "validation": write_month(folder, 2021, 2, rows=2_000),
        **changes,
    }
    return features(months, make_context(folder / "features", months))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> FeaturesOutput:
    return featured(tmp_path_factory.mktemp("frames"))


def search_input(frames: FeaturesOutput, max_evals: int = 3, seed: int = 42) -> SearchInput:
    return {
        "training": frames["training"],
        "validation": frames["validation"],
        "maxEvals": max_evals,
        "seed": seed,
    }


def train_input(frames: FeaturesOutput, champion: TrainOutput | None = None, **parameters: Any) -> TrainInput:
    asked: Any = {
        "training": frames["training"],
        "validation": frames["validation"],
        "parameters": {**PARAMETERS, **parameters},
        "champion": None if champion is None else champion["model"],
        "seed": 42,
    }
    checked: TrainInput = asked
    return checked


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, frames: FeaturesOutput) -> TrainOutput:
    asked = train_input(frames)
    return train(asked, make_context(tmp_path_factory.mktemp("trained"), asked))


def read_frame(frames: FeaturesOutput, month: str) -> pl.DataFrame:
    frame: Any = frames
    return pl.read_parquet(frame[month]["file"]["uri"])


def hashes(output: Any) -> dict[str, str]:
    prefix = f"{output['model']['uri']}/"
    return {file["uri"].removeprefix(prefix): file["sha256"] for file in output["model"]["files"]}


def test_features_tell_what_was_read_and_what_was_dropped(frames: FeaturesOutput) -> None:
    rows = frames["training"]["rows"]
    assert rows["read"] == 4_000
    assert read_frame(frames, "training").columns == ["PU_DO", "trip_distance", "duration"]
    assert read_frame(frames, "training").height == rows["kept"]
    assert [each["rows"] for each in frames["data"]] == [4_000, 2_000]
    table = json.loads(Path(frames["report"]["uri"]).read_bytes())
    assert table["columns"] == ["month", "read", "kept", "incomplete", "otherMonth", "duration"]


def test_the_model_predicts_better_than_the_mean_of_the_training_month(
    frames: FeaturesOutput, trained: TrainOutput
) -> None:
    training, validation = read_frame(frames, "training"), read_frame(frames, "validation")
    assert trained["base"]["rmse"] == pytest.approx(rmse(float(target(training).mean()), target(validation)))
    assert trained["candidate"]["rmse"] < 0.6 * trained["base"]["rmse"]
    assert trained["metrics"]["trainRmse"] < trained["metrics"]["rmse"]
    assert trained["champion"] is None


def test_only_the_training_month_says_which_routes_there_are(
    tmp_path: Path, frames: FeaturesOutput, trained: TrainOutput
) -> None:
    pipeline = read_model(trained["model"], make_context(tmp_path, None).artifacts)
    routes = set(read_frame(frames, "training")["PU_DO"])
    assert set(pipeline.steps[0][1].vocabulary_) == {f"PU_DO={route}" for route in routes} | {"trip_distance"}
    assert trained["metrics"]["routes"] == len(routes)
    assert not set(read_frame(frames, "validation")["PU_DO"]) <= routes


def test_the_same_months_and_seed_give_the_same_bits(
    tmp_path: Path, frames: FeaturesOutput, trained: TrainOutput
) -> None:
    again = featured(tmp_path)
    assert again["training"]["file"]["sha256"] == frames["training"]["file"]["sha256"]
    asked = train_input(again)
    # In a process of its own, with as many threads as it likes: neither order of hashing nor threads may show.
    script = (
        "import json, sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path\n"
        "from job_context import make_context; from taxi.jobs import train\n"
        "asked = json.loads(sys.stdin.read())\n"
        "print(json.dumps(train(asked, make_context(Path(sys.argv[1]), asked))))\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "again"), ".", "sdk", "tests"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"},
    )
    assert process.returncode == 0, process.stderr
    output = json.loads(process.stdout)
    assert hashes(output) == hashes(trained)
    assert output["metrics"] == trained["metrics"]


def test_other_settings_give_another_model(tmp_path: Path, frames: FeaturesOutput, trained: TrainOutput) -> None:
    asked = train_input(frames, maxDepth=2)
    other = train(asked, make_context(tmp_path, asked))
    changed = {name for name, sha256 in hashes(other).items() if sha256 != hashes(trained)[name]}
    assert changed == {"data/model.pkl"}


def test_the_champion_is_measured_on_the_same_rides(
    tmp_path: Path, frames: FeaturesOutput, trained: TrainOutput
) -> None:
    asked = train_input(frames, champion=trained, maxDepth=2, learningRate=0.03)
    output = train(asked, make_context(tmp_path, asked))
    assert output["champion"] is not None
    assert output["champion"]["rmse"] == pytest.approx(trained["candidate"]["rmse"], rel=1e-12)
    assert output["candidate"]["rmse"] > trained["candidate"]["rmse"]
    table = json.loads(Path(output["report"]["uri"]).read_bytes())
    assert [row[0] for row in table["rows"]] == ["candidate", "champion", "mean of the training month"]


def test_the_search_reports_each_evaluation_and_takes_the_best(tmp_path: Path, frames: FeaturesOutput) -> None:
    asked = search_input(frames)
    reports: list[dict[str, Any]] = []
    output = search(asked, make_context(tmp_path, asked, on_report=reports.append))
    assert [each["message"].split(":")[0] for each in reports] == [f"evaluation {number} of 3" for number in (1, 2, 3)]
    assert len({each["rmse"] for each in output["evaluations"]}) == 3
    assert output["rmse"] == min(each["rmse"] for each in output["evaluations"])
    assert {**output["best"], "rmse": output["rmse"]} in output["evaluations"]
    # The best settings give in training what they gave in the search.
    best: Any = output["best"]
    trained = train(train_input(frames, **best), make_context(tmp_path / "best", None))
    assert trained["candidate"]["rmse"] == output["rmse"]


def test_an_interrupted_search_continues_with_the_next_evaluation(tmp_path: Path, frames: FeaturesOutput) -> None:
    asked = search_input(frames)

    def stop(count: int) -> Iterator[None]:
        yield from (None for _ in range(count - 1))
        raise Interrupted

    left = stop(2)
    with pytest.raises(Interrupted):
        search(asked, make_context(tmp_path, asked, on_report=lambda _: next(left)))
    reports: list[dict[str, Any]] = []
    output = search(asked, make_context(tmp_path, asked, attempt=2, on_report=reports.append))
    assert [each["message"].split(":")[0] for each in reports] == ["evaluation 3 of 3"]
    whole = search(asked, make_context(tmp_path / "whole", asked))
    assert output["evaluations"] == whole["evaluations"]


def test_a_seed_draws_the_settings_and_more_evaluations_begin_with_the_same() -> None:
    assert candidates(10, seed=1)[:3] == candidates(3, seed=1)
    assert candidates(3, seed=1) != candidates(3, seed=2)


def test_a_month_without_rides_stops_before_training(tmp_path: Path) -> None:
    empty = write_month(tmp_path / "empty", 2021, 2, month_table(2021, 2).clear())
    with pytest.raises(FatalError, match=r"green_tripdata_2021-02\.parquet has no ride of 2021-02"):
        featured(tmp_path, validation=empty)


LOAD_WITH_MLFLOW = """
import json, sys
import mlflow.pyfunc, mlflow.sklearn
import pandas as pd
folder, rides = sys.argv[1], json.load(sys.stdin)
model = mlflow.pyfunc.load_model(folder)
print(json.dumps({
    "of_frame": model.predict(pd.DataFrame(rides))["duration"].tolist(),
    "of_dicts": model.predict(rides)["duration"].tolist(),
    "of_example": model.predict(model.input_example)["duration"].tolist(),
    "of_sklearn": mlflow.sklearn.load_model(folder).predict(rides).tolist(),
    "inputs": model.metadata.get_input_schema().input_names(),
    "knows_taxi": "taxi" in sys.modules,
}))
"""


def test_mlflow_loads_the_model_and_gives_the_same_predictions(
    tmp_path: Path, frames: FeaturesOutput, trained: TrainOutput
) -> None:
    rides = read_frame(frames, "validation").head(50)
    process = subprocess.run(
        [sys.executable, "-c", LOAD_WITH_MLFLOW, trained["model"]["uri"]],
        input=json.dumps(rides.select("PU_DO", "trip_distance").to_dicts()),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)
    pipeline = read_model(trained["model"], make_context(tmp_path / "own", None).artifacts)
    own = predict(pipeline, rides)
    for way in ("of_frame", "of_dicts", "of_sklearn"):
        np.testing.assert_array_equal(found[way], own)
    assert 1 < found["of_example"][0] < 60
    assert found["inputs"] == ["PU_DO", "trip_distance"]
    assert not found["knows_taxi"]
