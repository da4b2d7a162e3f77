"""A context to run a job in this process, on a local folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from millrace_job import Artifacts, Context
from millrace_job.checkpoint import Checkpoint
from millrace_job.context import PROGRESS_SECONDS, Progress
from millrace_job.lake import Lake
from millrace_job.local_storage import LocalStorage
from millrace_job.log import Log
from millrace_job.report import Report
from millrace_job.runner import input_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def make_context(
    folder: Path,
    job_input: object,
    *,
    attempt: int = 1,
    on_report: Callable[[dict[str, object]], None] = lambda _: None,
) -> Context:
    """A context on a local folder. `on_report` gets every report of progress."""
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
        checkpoint=Checkpoint(
            storage, f"{folder}/_checkpoint/", (1, attempt, 1), input_digest(job_input), scratch, log
        ),
        log=log,
        progress=Progress(log, on_report, clock=lambda: float(next(now))),
        report=Report(artifacts),
        lake=Lake(storage, f"{folder}/lake/test/"),
        scratch=scratch,
    )
