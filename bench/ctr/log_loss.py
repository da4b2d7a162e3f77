"""`PREDICTIONS CLICKS`: prints the log-loss of Vowpal Wabbit's predictions. Both files have a number per line."""

from __future__ import annotations

import json
import sys

import numpy as np

probability, click = (np.loadtxt(path) for path in sys.argv[1:3])
loss = -np.log(np.where(click == 1, probability, 1 - probability)).mean()
sys.stdout.write(json.dumps({"logLoss": float(loss)}))
