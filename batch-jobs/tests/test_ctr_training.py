"""Training as a whole: interrupted anywhere it ends with the same bits, and MLflow reads what it made."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import JOB_SECONDS, STORAGE, Bucket, Step
from ctr.chunks import read_chunks
from ctr.columns import FEATURE_COLUMNS
from ctr.jobs import evaluate, train
from ctr.model_folder import read_model
from ctr.source import START, FileChanged, read_blocks
from ctr.training import chunk_sizes, split_rows
from ctr_rows import make_rows, to_csv, train_input, write
from job_context import make_context
from millrace_job import FatalError
from millrace_job.digest import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctr.jobs import EvaluateInput, TrainInput, TrainOutput
    from ctr.source import File

ROWS = make_rows(6000)
KILLED_ROWS = 150_000


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module")
def job_input(tmp_path_factory: pytest.TempPathFactory) -> TrainInput:
    folder = tmp_path_factory.mktemp("rows")
    files = [
        write(folder / "0.csv.gz", to_csv(ROWS[:2500]), 2500),
        write(folder / "1.csv", to_csv(ROWS[2500:2600]), 100),
        write(folder / "2.csv.gz", to_csv(ROWS[2600:]), 3400),
    ]
    return train_input(files)


def files_of(output: Any) -> dict[str, str]:
    prefix = f"{output['model']['uri']}/"
    return {file["uri"].removeprefix(prefix): file["sha256"] for file in output["model"]["files"]}


def without_time(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if name not in ("seconds", "rowsPerSecond")}


def evaluate_input(candidate: TrainOutput, champion: TrainOutput | None, files: list[File]) -> EvaluateInput:
    other = None if champion is None else champion["model"]
    return {"candidate": candidate["model"], "champion": other, "files": files, "testShare": 0.1}


def stop_after(reports: int) -> Any:
    events: list[dict[str, object]] = []

    def report(event: dict[str, object]) -> None:
        events.append(event)
        if len(events) == reports:
            raise Interrupted

    return report


@settings(max_examples=15, deadline=None)
@given(
    stops=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    epochs=st.integers(1, 2),
    optimizer=st.sampled_from(["ftrl", "sgd"]),
)
def test_a_training_that_is_interrupted_anywhere_ends_with_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory, job_input: TrainInput, stops: list[int], epochs: int, optimizer: str
) -> None:
    asked = train_input(job_input["files"], epochs=epochs, optimizer=optimizer)
    whole = train(asked, make_context(tmp_path_factory.mktemp("whole"), asked))
    folder = tmp_path_factory.mktemp("interrupted")
    for attempt, reports in enumerate(stops, start=1):
        try:
            train(asked, make_context(folder, asked, attempt=attempt, on_report=stop_after(reports)))
        except Interrupted:
            continue
    last = train(asked, make_context(folder, asked, attempt=len(stops) + 1))

    assert files_of(last) == files_of(whole)
    assert without_time(last["metrics"]) == without_time(whole["metrics"])


def test_a_resumed_training_does_not_learn_again_what_it_had_learnt(tmp_path: Path, job_input: TrainInput) -> None:
    with pytest.raises(Interrupted):
        train(job_input, make_context(tmp_path, job_input, on_report=stop_after(7)))
    reports: list[dict[str, Any]] = []
    train(job_input, make_context(tmp_path, job_input, attempt=2, on_report=reports.append))
    assert reports[0]["message"].startswith("4,000 of 6,000 rows, log-loss 0.")
    assert reports[-1]["fraction"] == 1


def test_the_newest_rows_are_tested_on_and_never_trained_on(tmp_path: Path, job_input: TrainInput) -> None:
    before = train(job_input, make_context(tmp_path / "before", job_input))
    assert before["metrics"]["trainRows"] == 5400
    assert before["metrics"]["testRows"] == 600
    assert before["metrics"]["testLogLoss"] < before["metrics"]["baseLogLoss"]

    # The last 600 rows with the opposite clicks.
    turned = [[row[0], str(1 - int(row[1])), *row[2:]] for row in ROWS[5400:]]
    file = write(tmp_path / "2.csv.gz", to_csv([*ROWS[2600:5400], *turned]), 3400)
    other = train_input([*job_input["files"][:2], file])
    after = train(other, make_context(tmp_path / "after", other))
    assert files_of(after) == files_of(before)
    assert after["metrics"]["testLogLoss"] > after["metrics"]["baseLogLoss"]


def test_rows_are_the_same_in_one_file_or_in_several(tmp_path: Path, job_input: TrainInput) -> None:
    one = train_input([write(tmp_path / "all.csv", to_csv(ROWS), 6000)])
    assert files_of(train(one, make_context(tmp_path / "one", one))) == files_of(
        train(job_input, make_context(tmp_path / "several", job_input))
    )


def test_the_size_of_chunks_makes_no_difference_to_ftrl(tmp_path: Path, job_input: TrainInput) -> None:
    other = train_input(job_input["files"], chunkRows=701)
    assert files_of(train(other, make_context(tmp_path / "other", other))) == files_of(
        train(job_input, make_context(tmp_path / "one", job_input))
    )


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    asked = train_input([write(tmp_path / "a.csv", to_csv(ROWS[:9]), 9)])
    with pytest.raises(FatalError, match=r"9 rows with a testShare of 0.1 leave 0 to test on: give more rows"):
        train(asked, make_context(tmp_path / "run", asked))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_file_that_is_not_the_validated_one_fails_the_training(
    tmp_path: Path, job_input: TrainInput, which: int
) -> None:
    files = deepcopy(job_input["files"])
    files[which]["sha256"] = "0" * 64
    asked = train_input(files)
    with pytest.raises(FileChanged, match="SHA-256"):
        train(asked, make_context(tmp_path, asked))
    assert not list(tmp_path.glob("1/model/*"))


def test_a_checkpoint_of_rows_that_have_changed_since_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    changed = write(path, to_csv([*ROWS[:100], *ROWS[200:300], *ROWS[200:]]), 6000)
    wrong = path.read_bytes()
    right = write(path, to_csv(ROWS), 6000)
    asked = train_input([right])
    expected = files_of(train(asked, make_context(tmp_path / "right", asked)))
    # The first attempt reads another object under the same name, and is stopped before it could know.
    assert changed["sha256"] != right["sha256"]
    path.write_bytes(wrong)
    with pytest.raises(Interrupted):
        train(asked, make_context(tmp_path / "run", asked, on_report=stop_after(5)))
    path.write_bytes(to_csv(ROWS))
    assert files_of(train(asked, make_context(tmp_path / "run", asked, attempt=2))) == expected


def test_both_models_are_scored_on_the_rows_that_training_kept(tmp_path: Path, job_input: TrainInput) -> None:
    candidate = train(job_input, make_context(tmp_path / "candidate", job_input))
    weak = train_input(job_input["files"], featureBits=8, eta0=0.001)
    champion = train(weak, make_context(tmp_path / "champion", weak))
    asked = evaluate_input(candidate, champion, job_input["files"])
    context = make_context(tmp_path / "scores", asked)
    scores = evaluate(asked, context)

    assert scores["testRows"] == 600
    assert scores["candidate"]["logLoss"] == pytest.approx(candidate["metrics"]["testLogLoss"], rel=1e-12)
    assert scores["champion"] is not None
    assert scores["champion"]["logLoss"] == pytest.approx(champion["metrics"]["testLogLoss"], rel=1e-12)
    assert scores["baseLogLoss"] == pytest.approx(candidate["metrics"]["baseLogLoss"], rel=1e-12)
    table = json.loads(Path(scores["report"]["uri"]).read_bytes())
    assert [row[0] for row in table["rows"]] == ["candidate", "champion", "click rate alone"]


def test_the_first_model_has_no_champion_beside_it(tmp_path: Path, job_input: TrainInput) -> None:
    candidate = train(job_input, make_context(tmp_path / "candidate", job_input))
    asked = evaluate_input(candidate, None, job_input["files"])
    assert evaluate(asked, make_context(tmp_path / "scores", asked))["champion"] is None


def test_evaluation_reads_only_the_files_that_it_needs(tmp_path: Path, job_input: TrainInput) -> None:
    candidate = train(job_input, make_context(tmp_path / "candidate", job_input))
    gone: File = {**job_input["files"][0], "uri": "/nowhere.csv"}
    asked = evaluate_input(candidate, None, [gone, *job_input["files"][1:]])
    assert evaluate(asked, make_context(tmp_path / "scores", asked))["testRows"] == 600


def test_a_model_that_this_family_did_not_make_is_refused(tmp_path: Path, job_input: TrainInput) -> None:
    stored = train(job_input, make_context(tmp_path / "candidate", job_input))["model"]
    context = make_context(tmp_path / "scores", None)
    some = [file for file in stored["files"] if not file["uri"].endswith(".npy")]
    with pytest.raises(FatalError, match=r"has no data/coefficients.npy: give a model that ctr.train made"):
        read_model({"uri": stored["uri"], "files": some}, context.artifacts)


LOAD_WITH_MLFLOW = """
import json, sys
import mlflow.pyfunc
import pandas as pd
folder, rows, columns = sys.argv[1], *map(json.loads, sys.argv[2:4])
model = mlflow.pyfunc.load_model(folder)
frame = pd.DataFrame(rows, columns=["id", "click", *columns])
example = model.input_example
print(json.dumps({
    "probabilities": model.predict(frame)["click_probability"].tolist(),
    "of_example": model.predict(example)["click_probability"].tolist(),
    "inputs": model.metadata.get_input_schema().input_names(),
    "knows_ctr": "ctr" in sys.modules,
}))
"""


def test_mlflow_loads_the_model_and_gives_its_probabilities(tmp_path: Path, job_input: TrainInput) -> None:
    context = make_context(tmp_path, job_input)
    stored = train(job_input, context)["model"]
    model, newest = read_model(stored, context.artifacts), ROWS[-50:]
    process = subprocess.run(
        [sys.executable, "-c", LOAD_WITH_MLFLOW, stored["uri"], json.dumps(newest), json.dumps(FEATURE_COLUMNS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)

    split = split_rows(job_input["files"], 0.1)
    sizes = chunk_sizes(split, 6000, 0, test=True)
    blocks = read_blocks(job_input["files"], context.artifacts)
    *_, test = read_chunks(blocks, job_input["files"], sizes, START, to_end=True)
    features = test.features[-50:]
    signs = np.where(features >> 31, -1.0, 1.0)
    margins = (signs * model.coefficients[features & (2**12 - 1)]).sum(axis=1) + model.intercept
    assert found["probabilities"] == pytest.approx(1 / (1 + np.exp(-margins)), rel=1e-12)
    assert 0 < found["of_example"][0] < 1
    assert found["inputs"] == list(FEATURE_COLUMNS)
    assert not found["knows_ctr"]


@pytest.fixture
def killed_step(bucket: Bucket, tmp_path: Path) -> Step:
    path = tmp_path / "a.csv.gz"
    file = write(path, to_csv(ROWS * (KILLED_ROWS // len(ROWS))), KILLED_ROWS)
    uri = f"{bucket.uri}raw/ctr/a b.csv.gz"
    stored = STORAGE.put(uri, path, media_type="application/gzip", sha256=file["sha256"])
    assert stored.version_id is not None
    # Whoever overwrites the object does not change what is trained on: the version is pinned.
    STORAGE.put(uri, b"something else", media_type="text/csv")
    # A job that is killed leaves its scratch folder behind.
    step = Step(f"{bucket.uri}runs/ctr/train/", "ctr.train", {**bucket.env, "TMPDIR": str(tmp_path)})
    step.put_inputs({0: train_input([{**file, "uri": uri, "versionId": stored.version_id}], chunkRows=1000)})
    return step


def checkpoint_of(step: Step) -> str | None:
    current = step.read("0/_checkpoint/current.json")
    return None if current is None else current["savedAt"]


def test_a_killed_training_continues_after_its_last_checkpoint(killed_step: Step, tmp_path: Path) -> None:
    for attempt, end in enumerate([signal.SIGKILL, signal.SIGTERM], start=1):
        before = checkpoint_of(killed_step)
        process = killed_step.start(MILLRACE_ATTEMPT=str(attempt))
        deadline = time.monotonic() + JOB_SECONDS
        while checkpoint_of(killed_step) == before:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "no checkpoint was saved"
            time.sleep(0.01)
        process.send_signal(end)
        output, _ = process.communicate(timeout=JOB_SECONDS)
        assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 128 + signal.SIGTERM), output
        assert killed_step.read(f"0/1.{attempt}/_manifest.json") is None
    code, lines = killed_step.run(MILLRACE_ATTEMPT="3")
    assert code == 0, lines
    assert any(line["message"] == "going on after a checkpoint" and line["rows"] > 0 for line in lines)
    resumed = killed_step.read("0/1.3/_manifest.json")["output"]

    # The same rows, in this process and from a local file.
    path = tmp_path / "a.csv.gz"
    asked = train_input(
        [{"uri": str(path), "sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": KILLED_ROWS}],
        chunkRows=1000,
        checkpointSeconds=1000,
    )
    whole = train(asked, make_context(tmp_path / "whole", asked))
    assert files_of(resumed) == files_of(whole)
    assert without_time(resumed["metrics"]) == without_time(whole["metrics"])
