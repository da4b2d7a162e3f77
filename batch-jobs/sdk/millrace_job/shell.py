"""Runs a job from a shell, on local files, without AWS."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millrace_job import schema
from millrace_job.artifact import Artifacts, media_type_of
from millrace_job.checkpoint import Checkpoint
from millrace_job.context import Context, Progress
from millrace_job.digest import sha256_of
from millrace_job.errors import ContractError
from millrace_job.lake import Lake
from millrace_job.report import Report
from millrace_job.runner import input_digest
from millrace_job.storage import FILE_PREFIX, S3_PREFIX, ObjectStorage

if TYPE_CHECKING:
    from millrace_job.job import Job
    from millrace_job.log import Log

CHECKPOINT = "_checkpoint"
ARTIFACT_FIELDS = {"uri", "sha256", "bytes", "mediaType"}


def run_from_shell(job: Job[Any, Any], input_file: Path, output: Path, storage: ObjectStorage, log: Log) -> Any:
    """Runs a job on the JSON in `input_file`, writes its artifacts into the folder `output`, and returns its output.

    In the input, an artifact may be a path, relative to the folder of `input_file`.

    Raises:
        ContractError: the input can't be read, or the input or the output doesn't match the job's schema.
        Exception: any exception of the job.
    """
    input_schema, output_schema = _local(job.input_schema), _local(job.output_schema)
    job_input = _with_artifacts(_read(input_file), input_schema, input_file.parent)
    schema.check("input", job_input, input_schema)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="millrace-") as scratch:
        context = _context(job, job_input, output.resolve(), Path(scratch), storage, log)
        result = job(job_input, context)
        schema.check("output", result, output_schema)
    # The next run from the shell may have changed code, so it must not resume from this run's checkpoint.
    shutil.rmtree(output / CHECKPOINT, ignore_errors=True)
    return result


def _context(
    job: Job[Any, Any], job_input: object, output: Path, scratch: Path, storage: ObjectStorage, log: Log
) -> Context:
    artifacts = Artifacts(storage, f"{output}/", scratch)

    return Context(
        pipeline="shell",
        run="shell",
        step=job.name,
        index=0,
        epoch=1,
        attempt=1,
        artifacts=artifacts,
        checkpoint=Checkpoint(storage, f"{output}/{CHECKPOINT}/", (1, 1, 1), input_digest(job_input), scratch, log),
        log=log,
        progress=Progress(log, lambda _event: None),
        report=Report(artifacts),
        lake=Lake(storage, f"{output}/lake/{job.contract.partition('.')[0]}/"),
        scratch=scratch,
    )


def _read(input_file: Path) -> Any:
    try:
        return json.loads(input_file.read_bytes())
    except FileNotFoundError:
        raise ContractError(f"--input {input_file}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise ContractError(f"--input {input_file} is not JSON that can be read: {error}") from error


def _is_artifact(part: Any) -> bool:
    return isinstance(part, dict) and set(part.get("properties", ())) >= ARTIFACT_FIELDS


def _local(part: Any) -> Any:
    """The schema, changed so that an artifact's URI may be a local path. The engine's artifacts are all in S3."""
    if isinstance(part, list):
        return [_local(item) for item in part]
    if not isinstance(part, dict):
        return part
    local = {name: _local(item) for name, item in part.items()}
    if _is_artifact(local):
        local["properties"]["uri"] = {"type": "string"}
    return local


def _with_artifacts(value: Any, part: Any, folder: Path) -> Any:
    """The input, in which each local path to an artifact is replaced by a whole artifact."""
    if _is_artifact(part):
        return _artifact(value, folder)
    if isinstance(value, dict):
        fields = part.get("properties", {})
        return {name: _with_artifacts(item, fields.get(name, {}), folder) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_artifacts(item, part.get("items", {}), folder) for item in value]
    return value


def _artifact(value: Any, folder: Path) -> Any:
    given = {"uri": value} if isinstance(value, str) else value
    if not isinstance(given, dict) or not isinstance(given.get("uri"), str) or given["uri"].startswith(S3_PREFIX):
        return given
    path = (folder / given["uri"].removeprefix(FILE_PREFIX)).resolve()
    if not path.is_file():
        raise ContractError(f"the input names the file {given['uri']}: there is no such file at {path}")
    found = {"sha256": sha256_of(path), "bytes": path.stat().st_size, "mediaType": media_type_of(path.name)}
    return {**found, **given, "uri": str(path)}
