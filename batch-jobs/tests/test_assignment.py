from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millrace_job.assignment import parse_indices, read_assignment
from millrace_job.errors import ContractError

ENV = {
    "MILLRACE_PIPELINE": "ridge-sweep",
    "MILLRACE_RUN_ID": "run-1",
    "MILLRACE_STEP": "train_model",
    "MILLRACE_JOB": "ridge.train",
    "MILLRACE_EPOCH": "2",
    "MILLRACE_ATTEMPT": "3",
    "MILLRACE_INDICES": "7,0-2,450",
    "MILLRACE_INPUT": "s3://bucket/in/{shard}.json",
    "MILLRACE_OUTPUT": "s3://bucket/runs/a%20b/train_model/",
    "AWS_BATCH_JOB_ID": "job-1",
}


def test_prefixes_follow_index_epoch_and_attempt() -> None:
    assignment = read_assignment(ENV)
    assert assignment.indices == (7, 0, 1, 2, 450)
    assert assignment.attempt_prefix(7) == "s3://bucket/runs/a%20b/train_model/7/2.3/"
    assert assignment.artifact_prefix(7) == assignment.attempt_prefix(7)
    assert [assignment.input_uri(index) for index in (0, 199, 200, 450)] == [
        f"s3://bucket/in/{shard}.json" for shard in (0, 0, 1, 2)
    ]


def test_a_native_retry_writes_its_artifacts_beside_the_first_try() -> None:
    assignment = read_assignment({**ENV, "AWS_BATCH_JOB_ATTEMPT": "2"})
    assert assignment.artifact_prefix(7) == "s3://bucket/runs/a%20b/train_model/7/2.3.2/"
    assert assignment.attempt_prefix(7) == "s3://bucket/runs/a%20b/train_model/7/2.3/"


def test_a_child_of_an_array_job_takes_its_entry() -> None:
    assert read_assignment({**ENV, "AWS_BATCH_JOB_ARRAY_INDEX": "0"}).indices == (7,)
    assert read_assignment({**ENV, "AWS_BATCH_JOB_ARRAY_INDEX": "4"}).indices == (450,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MILLRACE_INPUT": ""}, "MILLRACE_INPUT is not set.*--input"),
        ({"MILLRACE_EPOCH": "0"}, "MILLRACE_EPOCH is '0'.*from 1"),
        ({"MILLRACE_ATTEMPT": "one"}, "MILLRACE_ATTEMPT is 'one'"),
        ({"MILLRACE_OUTPUT": "s3://bucket/x"}, "must end in /"),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "5"}, "AWS_BATCH_JOB_ARRAY_INDEX is 5.*names 5 children"),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        read_assignment({**ENV, **changes})


@pytest.mark.parametrize(
    "text",
    ["", "-", "a", "1-", "-1", "3-1", "0,,1", "0, 1", "1,0-2", "10000", "0-10000", "٣", "1.0", "0\n"],
)
def test_an_invalid_list_of_indices_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="MILLRACE_INDICES is"):
        parse_indices(text)


@given(st.lists(st.integers(0, 9_999), unique=True, min_size=1, max_size=60))
def test_indices_written_as_runs_are_read_in_their_order(indices: list[int]) -> None:
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] + 1 == index:
            runs[-1].append(index)
        else:
            runs.append([index])
    text = ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
    assert parse_indices(text) == tuple(indices)


@given(st.text(alphabet="0123456789-, a", max_size=12))
def test_any_text_gives_distinct_indices_in_bounds_or_is_refused(text: str) -> None:
    try:
        indices = parse_indices(text)
    except ContractError:
        return
    assert len(set(indices)) == len(indices) > 0
    assert all(0 <= index <= 9_999 for index in indices)
