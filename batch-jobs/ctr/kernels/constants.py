"""What the compiled loops and their callers agree on."""

from __future__ import annotations

# What may be wrong with a row.
FINE, TOO_FEW, TOO_MANY, BAD_CLICK = range(4)
# A feature's highest bit: its hash is negative.
SIGN_SHIFT = 31
SIGN = 1 << SIGN_SHIFT
NO_PENALTY, L1, L2 = range(3)
# Columns of the weights: a weight and its average share a cache line, as they are always needed together.
WEIGHT, AVERAGE = range(2)
# The scalars of the learner's state.
AVERAGE_INTERCEPT, STEPS = range(2)
