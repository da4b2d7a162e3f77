"""Small click-through data for tests: rows of text, and files of them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ctr.columns import COLUMNS, FEATURE_COLUMNS
from millrace_job.digest import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    # The lowest level: tests spend their time on what reads the file.
    path.write_bytes(gzip.compress(content, compresslevel=1, mtime=0) if path.suffix == ".gz" else content)
    return {"uri": str(path), "sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": rows}


def train_input(files: list[File], **changes: Any) -> TrainInput:
    """An input of `ctr.train` for small data."""
    asked = {
        "files": files,
        "testShare": 0.1,
        "optimizer": "ftrl",
        "penalty": "l2",
        "alpha": 1e-6,
        "eta0": 0.15,
        "featureBits": 12,
        "seed": 42,
        "epochs": 1,
        "chunkRows": 500,
        "checkpointSeconds": 0,
        **changes,
    }
    return cast("TrainInput", asked)
