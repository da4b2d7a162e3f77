"""What training needs to go on where an earlier try stopped: the learner's state, the sums so far, and the place."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctr.source import START, Place, Seen
from millrace_job import StorageError

if TYPE_CHECKING:
    from ctr.regression import Regression
    from millrace_job import Context

WEIGHTS = "weights.npy"
SCALARS = "scalars.npy"
DONE = "done.json"


@dataclass
class Done:
    """How far training is: rows of all epochs, the place of the next row, and sums over the rows of the last epoch."""

    rows: int = 0
    place: Place = START
    train_loss: float = 0.0
    train_clicks: int = 0
    test_loss: float = 0.0
    test_clicks: int = 0


class Checkpoints:
    """Saves and loads through the context's checkpoint, at most once in so many seconds."""

    def __init__(self, context: Context, seconds: float) -> None:
        self._context = context
        self._seconds = seconds
        self._saved_at = time.monotonic()

    def save_when_due(self, done: Done, regression: Regression) -> None:
        """Saves if the last time is long enough ago. Storage that fails is no reason to lose the work: it is logged."""
        if time.monotonic() - self._saved_at < self._seconds:
            return
        # Through files, as in memory it would take as much again as the weights.
        folder = self._context.scratch / "checkpoint"
        folder.mkdir(exist_ok=True)
        np.save(folder / WEIGHTS, regression.weights)
        np.save(folder / SCALARS, regression.scalars)
        (folder / DONE).write_text(json.dumps(asdict(done)), encoding="utf-8")
        try:
            self._context.checkpoint.save_directory(folder)
        except StorageError as error:
            self._context.log.warning("no checkpoint could be saved", rows=done.rows, reason=str(error))
        else:
            self._context.log.info("saved a checkpoint", rows=done.rows)
        self._saved_at = time.monotonic()

    def load(self, regression: Regression) -> Done:
        """Puts the regression back to the last checkpoint's state; how far that was, a start if there is none."""
        folder = self._context.scratch / "resumed"
        if not self._context.checkpoint.load_directory(folder):
            return Done()
        # Arrays of numbers alone: nothing in them is run.
        regression.weights[:] = np.load(folder / WEIGHTS, allow_pickle=False, mmap_mode="r")
        regression.scalars[:] = np.load(folder / SCALARS, allow_pickle=False)
        done = json.loads((folder / DONE).read_text(encoding="utf-8"))
        place = done.pop("place")
        seen = None if place["seen"] is None else Seen(**place["seen"])
        self._context.log.info("going on after a checkpoint", rows=done["rows"])
        return Done(place=Place(place["file"], place["row"], seen), **done)
