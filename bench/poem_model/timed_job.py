"""`TOOK JOB …` runs `python -m poem_model JOB …`, and writes the CPU seconds of the training to the file TOOK."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from millrace_job import run_family
from poem_model import jobs
from poem_model.training import Trained, Training

took = Path(sys.argv.pop(1))
whole = Training.run


def timed(training: Training) -> Trained:
    """The training itself, without imports and without storing the model."""
    began = time.process_time()
    trained = whole(training)
    took.write_text(str(time.process_time() - began))
    return trained


Training.run = timed
run_family(jobs)
