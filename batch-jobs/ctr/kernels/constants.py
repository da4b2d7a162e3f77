"""What the compiled loops and their callers agree on."""

from __future__ import annotations

# What may be wrong with a row.
FINE, TOO_FEW, TOO_MANY, BAD_CLICK = range(4)
# A feature's highest bit: its hash is negative.
SIGN_SHIFT = 31
SIGN = 1 << SIGN_SHIFT
NO_PENALTY, L1, L2 = range(3)
# What the averaged descent keeps of each weight, side by side as both are always needed: the weight and its average.
WEIGHT, AVERAGE = range(2)
# Its scalars.
AVERAGE_INTERCEPT, STEPS = range(2)
# What FTRL-Proximal keeps of each weight, and of the intercept, which follow from it: the sum of the gradients less
# what earlier steps settled, and the length of all gradients together. In the paper: z and the square root of n.
PULL, LENGTH = range(2)
# Its scalars.
INTERCEPT_PULL, INTERCEPT_LENGTH, ROWS = range(3)
