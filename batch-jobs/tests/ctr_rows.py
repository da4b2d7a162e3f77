"""Small click-through data for tests: rows of text, files of them, and a context to run a job in this process."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ctr.columns import COLUMNS, FEATURE_COLUMNS
from millrace_job import Artifacts, Context
from millrace_job.checkpoint import Checkpoint
from millrace_job.context import PROGRESS_SECONDS, Progress
from millrace_job.digest import sha256_of
from millrace_job.local_storage import LocalStorage
from millrace_job.log import Log
from millrace_job.report import Report
from millrace_job.runner import input_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctr.jobs import TrainInput
    from ctr.source import File

HEADER = ",".join(COLUMNS)


def make_rows(count: int, seed: int = 0) -> list[list[str]]:
    """Rows whose clicks depend on their values, so that there is something to learn."""
    random = np.random.RandomState(seed)
    values = random.zipf(1.4, size=(count, len(FEATURE_COLUMNS))) % 1000
    weights = random.normal(size=1000)
    margin = weights[values[:, 4]] + weights[values[:, 7]] - 1.5
    clicks = random.uniform(size=count) < 1 / (1 + np.exp(-margin))
    return [
        [str(number), str(int(click)), *(f"{value:x}" for value in row)]
        for number, (click, row) in enumerate(zip(clicks, values.tolist(), strict=True))
    ]


def to_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """The rows as CSV without quotes, with the header."""
    return "".join(f"{line}\n" for line in (HEADER, *(",".join(row) for row in rows))).encode()


def write(path: Path, content: bytes, rows: int) -> File:
    """Writes a file and describes it as validation does."""
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return {"uri": str(path), "sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": rows}


def train_input(files: list[File], **changes: Any) -> TrainInput:
    """An input of `ctr.train` for small data."""
    asked = {
        "files": files,
        "testShare": 0.1,
        "penalty": "l2",
        "alpha": 1e-6,
        "eta0": 0.05,
        "featureBits": 12,
        "seed": 42,
        "epochs": 1,
        "chunkRows": 500,
        "checkpointSeconds": 0,
        **changes,
    }
    return cast("TrainInput", asked)


def make_context(
    folder: Path, job_input: object, *, attempt: int = 1, told: Callable[[dict[str, object]], None] = lambda _: None
) -> Context:
    """A context on a local folder. `told` gets every report of progress."""
    storage = LocalStorage()
    scratch = folder / f"scratch-{attempt}"
    scratch.mkdir(parents=True)
    artifacts = Artifacts(storage, f"{folder}/{attempt}/", scratch)
    now = iter(range(0, 10**9, int(PROGRESS_SECONDS)))
    log = Log(io.StringIO(), {})
    return Context(
        pipeline="test",
        run="run",
        step="step",
        index=0,
        epoch=1,
        attempt=attempt,
        artifacts=artifacts,
        checkpoint=Checkpoint(storage, f"{folder}/_checkpoint/", (1, attempt, 1), input_digest(job_input), scratch),
        log=log,
        progress=Progress(log, told, clock=lambda: float(next(now))),
        report=Report(artifacts),
        scratch=scratch,
    )
