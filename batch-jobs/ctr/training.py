"""Trains in one pass over the files. Reading, hashing and learning happen at the same time, each in a thread."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctr.background import ahead
from ctr.checkpoints import Checkpoints, Done
from ctr.chunks import Chunk, read_chunks
from ctr.regression import LinearModel, Regression, Settings, make_regression
from ctr.source import CheckpointOutdated, File, Place, read_blocks
from millrace_job import FatalError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from millrace_job import Artifacts, Context

# A block is 1 MB of text, a chunk 9 MB of features. With this many, a short delay of one thread holds up no other.
BLOCKS_AHEAD = 8
CHUNKS_AHEAD = 2


@dataclass(frozen=True)
class Split:
    """How many rows are for training and how many for the test. The test has the newest rows, which come last."""

    train: int
    test: int

    @property
    def rows(self) -> int:
        return self.train + self.test


def split_rows(files: Sequence[File], test_share: float) -> Split:
    """Splits the files' rows. The test gets its share, rounded down, and training gets the rest.

    Raises:
        FatalError: there are too few rows for both.
    """
    rows = sum(file["rows"] for file in files)
    test = math.floor(rows * test_share)
    if test < 1 or test == rows:
        raise FatalError(f"{rows:,} rows with a testShare of {test_share:g} leave {test:,} to test on: give more rows")
    return Split(rows - test, test)


def stream_chunks(
    files: Sequence[File], artifacts: Artifacts, sizes: Iterable[int], place: Place, *, to_end: bool
) -> Generator[Chunk, None, None]:
    """Chunks of rows, read and hashed in threads while the caller works on the last one; raises as `read_chunks`."""
    blocks = ahead(read_blocks(files, artifacts, place), BLOCKS_AHEAD)
    return ahead(read_chunks(blocks, files, sizes, place, to_end=to_end), CHUNKS_AHEAD)


def chunk_sizes(split: Split, chunk_rows: int, begun: int, *, test: bool) -> Iterator[int]:
    """Sizes of the chunks from row `begun` on. No chunk has both training rows and test rows."""
    ends = [*range(chunk_rows, split.train, chunk_rows), split.train]
    if test:
        ends += [*range(split.train + chunk_rows, split.rows, chunk_rows), split.rows]
    for end in ends:
        if end > begun:
            yield end - begun
            begun = end


def entropy(clicks: int, rows: int) -> float:
    """Log-loss (nats) of a model that knows only the click rate: the minimum for a constant prediction."""
    rate = clicks / rows
    return sum(-part * math.log(part) for part in (rate, 1 - rate) if part > 0)


@dataclass(frozen=True)
class Trained:
    """A model and the figures of its training. Seconds and speed are those of this try only."""

    model: LinearModel
    split: Split
    done: Done
    seconds: float
    rows_per_second: float


class Training:
    """One training. It resumes from the last checkpoint, and gives the same bits as an uninterrupted training."""

    def __init__(
        self,
        files: Sequence[File],
        settings: Settings,
        context: Context,
        *,
        test_share: float,
        epochs: int,
        chunk_rows: int,
        checkpoint_seconds: float,
    ) -> None:
        self._files = files
        self._settings = settings
        self._context = context
        self._split = split_rows(files, test_share)
        self._epochs = epochs
        self._chunk_rows = chunk_rows
        self._checkpoints = Checkpoints(context, checkpoint_seconds)

    def run(self) -> Trained:
        """Trains and tests.

        Raises:
            FatalError: the data is wrong, or another attempt has taken over.
            FileChanged: a file isn't the one that was validated.
        """
        regression = make_regression(self._settings)
        try:
            return self._run(regression, self._checkpoints.load(regression))
        except CheckpointOutdated:
            self._context.log.warning("a file has changed since the checkpoint, which is left; training starts anew")
            return self._run(make_regression(self._settings), Done())

    def _run(self, regression: Regression, done: Done) -> Trained:
        split, last = self._split, self._epochs - 1
        pace = Pace(done.rows, split.train * last + split.rows, self._context)
        model: LinearModel | None = None
        for epoch in range(min(done.rows // split.train, last), self._epochs):
            begun = done.rows - epoch * split.train
            if begun == 0:
                done = Done(rows=done.rows)
            sizes = chunk_sizes(split, self._chunk_rows, begun, test=epoch == last)
            chunks = stream_chunks(self._files, self._context.artifacts, sizes, done.place, to_end=epoch == last)
            with closing(chunks):
                for chunk in chunks:
                    if begun < split.train:
                        done.train_loss += regression.learn(chunk)
                        done.train_clicks += int(chunk.clicks.sum())
                    else:
                        model = model or regression.model()
                        done.test_loss += model.log_loss(chunk)
                        done.test_clicks += int(chunk.clicks.sum())
                    begun += len(chunk.clicks)
                    done.rows += len(chunk.clicks)
                    done.place = chunk.end
                    self._checkpoints.save_when_due(done, regression)
                    pace.tell(done.rows, done.train_loss / min(begun, split.train))
        return Trained(model or regression.model(), split, done, pace.seconds, pace.rows_per_second(done.rows))


class Pace:
    """Reports how many rows are done, how many are done per second, and the time that is left."""

    def __init__(self, begun: int, rows: int, context: Context) -> None:
        self._begun = begun
        self._rows = rows
        self._context = context
        self._started_at = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start of this try."""
        return time.monotonic() - self._started_at

    def rows_per_second(self, done: int) -> float:
        """Rows per second in this try."""
        return (done - self._begun) / max(self.seconds, 1e-9)

    def tell(self, done: int, log_loss: float) -> None:
        """Reports progress; `log_loss` is the mean so far."""
        speed = self.rows_per_second(done)
        left = math.ceil((self._rows - done) / speed)
        text = f"{done:,} of {self._rows:,} rows, log-loss {log_loss:.5f}, {speed:,.0f} rows/s, {left:,} s left"
        self._context.progress(done / self._rows, text)
