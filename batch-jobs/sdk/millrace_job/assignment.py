"""The work that the engine assigns to this process. It is read from the environment and checked once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from millrace_job.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The inputs of a mapped step are stored in objects, each for up to 200 children.
SHARD_SIZE = 200
# The maximum size of a map is that of an array job (AWS Batch: 10,000 children).
MAX_INDEX = 9_999


@dataclass(frozen=True)
class Assignment:
    """The mapped children that this process runs, and where their input and output are."""

    pipeline: str
    run: str
    step: str
    job: str
    epoch: int
    attempt: int
    indices: tuple[int, ...]
    input: str
    output: str
    job_id: str
    native_attempt: int

    def input_uri(self, index: int) -> str:
        """The object that holds the input of one mapped child."""
        return self.input.replace("{shard}", str(index // SHARD_SIZE))

    def attempt_prefix(self, index: int) -> str:
        """Where the claim, the manifest and the error of this attempt live."""
        return f"{self.output}{index}/{self.epoch}.{self.attempt}/"

    def artifact_prefix(self, index: int) -> str:
        """The prefix of artifacts. Each of Batch's own retries has its own, because the first try may still run."""
        if self.native_attempt == 1:
            return self.attempt_prefix(index)
        return f"{self.output}{index}/{self.epoch}.{self.attempt}.{self.native_attempt}/"

    def lake_prefix(self) -> str:
        """The prefix of the family's lake: at the top of the bucket or of a local output folder. It outlasts runs."""
        bucket = re.match(r"s3://[^/]+/", self.output)
        return f"{bucket[0] if bucket else self.output}lake/{self.job.partition('.')[0]}/"

    def checkpoint_prefix(self, index: int) -> str:
        """The prefix of checkpoints. It is outside the attempt, because the next attempt resumes from them."""
        return f"{self.output}{index}/_checkpoint/"


def read_assignment(env: Mapping[str, str]) -> Assignment:
    """The assignment in the environment of a Batch job.

    Raises:
        ContractError: a variable is missing or wrong. The message names it, its value and the expected form.
    """
    indices = parse_indices(_text(env, "MILLRACE_INDICES"))
    if array_index := env.get("AWS_BATCH_JOB_ARRAY_INDEX"):
        entry = _number(env, "AWS_BATCH_JOB_ARRAY_INDEX", least=0)
        if entry >= len(indices):
            raise ContractError(
                f"AWS_BATCH_JOB_ARRAY_INDEX is {array_index}, but MILLRACE_INDICES names {len(indices)} children: "
                "the array job must have one child for each"
            )
        indices = (indices[entry],)
    output = _text(env, "MILLRACE_OUTPUT")
    if not output.endswith("/"):
        raise ContractError(f"MILLRACE_OUTPUT is {output!r}: it is a prefix and must end in /")
    return Assignment(
        pipeline=_text(env, "MILLRACE_PIPELINE"),
        run=_text(env, "MILLRACE_RUN_ID"),
        step=_text(env, "MILLRACE_STEP"),
        job=_text(env, "MILLRACE_JOB"),
        epoch=_number(env, "MILLRACE_EPOCH", least=1),
        attempt=_number(env, "MILLRACE_ATTEMPT", least=1),
        indices=indices,
        input=_text(env, "MILLRACE_INPUT"),
        output=output,
        # Without Batch (a container started by hand), every process counts as another copy.
        job_id=env.get("AWS_BATCH_JOB_ID") or f"by-hand-{uuid4()}",
        native_attempt=_number(env, "AWS_BATCH_JOB_ATTEMPT", least=1) if "AWS_BATCH_JOB_ATTEMPT" in env else 1,
    )


def parse_indices(text: str) -> tuple[int, ...]:
    """The indices in a text such as `0-5,9`, in the given order.

    Raises:
        ContractError: the text isn't a list of numbers and ranges, names an index twice, or names one above 9999.
    """
    indices: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else -1
        if last < first or last > MAX_INDEX:
            raise ContractError(
                f"MILLRACE_INDICES is {text!r}: {part!r} is not an index or a rising range up to {MAX_INDEX}, "
                "such as 0 or 0-5,9"
            )
        indices.extend(range(first, last + 1))
    if len(set(indices)) != len(indices):
        raise ContractError(f"MILLRACE_INDICES is {text!r}: it names an index twice")
    return tuple(indices)


def _text(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise ContractError(
            f"{name} is not set. A Batch job gets it from the engine; from a shell, give --input and --output"
        )
    return value


def _number(env: Mapping[str, str], name: str, *, least: int) -> int:
    value = _text(env, name)
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < least:
        raise ContractError(f"{name} is {value!r}: it must be a whole number from {least} on")
    return int(value)
