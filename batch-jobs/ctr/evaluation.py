"""Scores several models on the same newest rows, in one pass."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctr.source import Place
from ctr.training import Pace, chunk_sizes, entropy, split_rows, stream_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctr.regression import LinearModel
    from ctr.source import File
    from millrace_job import Context

CHUNK_ROWS = 100_000


@dataclass(frozen=True)
class Scores:
    """Mean log-losses (nats) on the same rows: of each model, and of one that knows only the rows' click rate."""

    rows: int
    base: float
    models: list[float]


def score_models(models: Sequence[LinearModel], files: Sequence[File], test_share: float, context: Context) -> Scores:
    """Scores the models on the newest rows. Files without any of these rows are not read.

    Raises:
        FatalError: the data is wrong.
        FileChanged: a file isn't the one that was validated.
    """
    split = split_rows(files, test_share)
    sizes = chunk_sizes(split, CHUNK_ROWS, split.train, test=True)
    losses = [0.0 for _ in models]
    clicks = rows = 0
    pace = Pace(0, split.test, context)
    chunks = stream_chunks(files, context.artifacts, sizes, place_of(files, split.train), to_end=True)
    with closing(chunks):
        for chunk in chunks:
            losses = [loss + model.log_loss(chunk) for loss, model in zip(losses, models, strict=True)]
            clicks += int(chunk.clicks.sum())
            rows += len(chunk.clicks)
            pace.tell(rows, losses[0] / rows)
    return Scores(rows, entropy(clicks, rows), [loss / rows for loss in losses])


def place_of(files: Sequence[File], row: int) -> Place:
    """The place of a row, which is numbered over all files together."""
    for number, file in enumerate(files):
        if row < file["rows"]:
            return Place(number, row)
        row -= file["rows"]
    return Place(len(files), row)
