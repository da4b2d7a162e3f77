"""The ridge jobs as processes on a real S3, as the engine runs them, against the published figures."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import STORAGE, Bucket, Step
from millrace_job.digest import sha256_of

SCHEDULED_AT = "2021-10-04T16:21:00Z"
GOLDEN_R2 = {1: 0.9469530482322346, 1e-5: 0.9469269946289467}


def run_step(bucket: Bucket, name: str, job: str, inputs: list[Any]) -> list[Any]:
    step = Step(f"{bucket.uri}runs/ridge sweep/{name}/", job, bucket.env)
    step.put_inputs(dict(enumerate(inputs)))
    code, lines = step.run(MILLRACE_INDICES=f"0-{len(inputs) - 1}")
    assert code == 0, lines
    return [step.read(f"{index}/1.1/_manifest.json")["output"] for index in range(len(inputs))]


def test_the_golden_schedule_gives_the_published_r2_and_object_names(bucket: Bucket) -> None:
    [dataset] = run_step(bucket, "download", "ridge.download", [{"scheduledAt": SCHEDULED_AT, "source": None}])
    [parts] = run_step(bucket, "split", "ridge.split", [{"dataset": dataset["file"]}])
    models = run_step(
        bucket, "train", "ridge.train", [{"train": parts["train"], "alpha": alpha} for alpha in GOLDEN_R2]
    )
    scores = run_step(bucket, "evaluate", "ridge.evaluate", [{**model, "test": parts["test"]} for model in models])

    assert {score["alpha"]: score["r2"] for score in scores} == pytest.approx(GOLDEN_R2, rel=1e-12)
    made = [dataset["file"], parts["train"], parts["test"], models[0]["model"], models[1]["model"]]
    names = [artifact["uri"].rpartition("/")[2] for artifact in [*made, *(score["report"] for score in scores)]]
    assert names == [
        "dataset_20211004162100.csv",
        "train_dataset_20211004162100.csv",
        "test_dataset_20211004162100.csv",
        "model_1.0_train_dataset_20211004162100.joblib",
        "model_1e-05_train_dataset_20211004162100.joblib",
        "eval_model_1.0_train_dataset_20211004162100.txt",
        "eval_model_1e-05_train_dataset_20211004162100.txt",
    ]
    report, stored = STORAGE.read(scores[0]["report"]["uri"])
    assert float(report) == scores[0]["r2"]
    assert scores[0]["report"]["sha256"] == sha256_of(report)
    assert scores[0]["report"]["versionId"] == stored.version_id
