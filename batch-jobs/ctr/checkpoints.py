"""The state from which training resumes: the learner's state, the sums so far, and the place in the files."""

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
    """Progress of training: rows of all epochs, the place of the next row, and sums over the rows of the last epoch."""

    rows: int = 0
    place: Place = START
    train_loss: float = 0.0
    train_clicks: int = 0
    test_loss: float = 0.0
    test_clicks: int = 0


class Checkpoints:
    """Saves and loads through the context's checkpoint. Saves at most once every `seconds` seconds."""

    def __init__(self, context: Context, seconds: float) -> None:
        self._context = context
        self._seconds = seconds
        self._saved_at = time.monotonic()

    def save_when_due(self, done: Done, regression: Regression) -> None:
        """Saves if the last save is long enough ago. If storage fails, that is logged, and training goes on."""
        if time.monotonic() - self._saved_at < self._seconds:
            return
        # Saved through files, because a copy in memory would be as large as the weights.
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
        """Restores the regression from the last checkpoint, and returns its progress, or zero progress without one."""
        folder = self._context.scratch / "resumed"
        if not self._context.checkpoint.load_directory(folder):
            return Done()
        # Without pickle, so loading the arrays runs no code.
        regression.weights[:] = np.load(folder / WEIGHTS, allow_pickle=False, mmap_mode="r")
        regression.scalars[:] = np.load(folder / SCALARS, allow_pickle=False)
        done = json.loads((folder / DONE).read_text(encoding="utf-8"))
        place = done.pop("place")
        seen = None if place["seen"] is None else Seen(**place["seen"])
        self._context.log.info("going on after a checkpoint", rows=done["rows"])
        return Done(place=Place(place["file"], place["row"], seen), **done)
