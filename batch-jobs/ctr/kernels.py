"""What is compiled: the loops over bytes, rows and weights. They run without Python's interpreter lock.

Nothing here depends on the machine: no fused multiplication, and an exponential of its own where libm's differs between
processors. So the same rows give the same weights, bit for bit, everywhere.

Features. Each `column=value` of a row is hashed as scikit-learn's FeatureHasher does: h is the signed MurmurHash3 (32
bits, seed 0) of the text in UTF-8. A feature is 32 bits: the lower 31 are |h| mod 2^31, the highest is set where h is
negative. A model of 2^b weights takes the lower b bits as the index and the sign as the value, 1 or -1; features of a
row that meet at one index add up. |-2^31| mod 2^b is 0 for all b up to 31.

Learning. Averaged stochastic gradient descent in the steps, and their order, of scikit-learn's
`SGDClassifier(loss="log_loss", learning_rate="constant", average=True)` with a `partial_fit` for each chunk.

Sources: MurmurHash3 by A. Appleby (public domain), https://github.com/aappleby/smhasher. L. Bottou, "Stochastic
Gradient Descent Tricks" (2012), 5.1 (scaled weights) and 5.3 (averaging). Y. Tsuruoka et al., "Stochastic Gradient
Descent Training for L1-regularized Log-linear Models with Cumulative Penalty" (2009), 3.1. G. Marsaglia, "Xorshift
RNGs" (2003).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FINE, TOO_FEW, TOO_MANY, BAD_CLICK = range(4)
MASK = 0xFFFFFFFF
SIGN, SIGN_SHIFT = 0x80000000, 31
ZERO, ONE, EQUALS = b"01="

NO_PENALTY, L1, L2 = range(3)
# Columns of the weights: a weight and its average share a cache line, as they are always needed together.
WEIGHT, AVERAGE = range(2)
# The scalars of the learner's state.
AVERAGE_INTERCEPT, STEPS = range(2)
# scikit-learn's, for the intercept of sparse data: it is part of every row and would move too fast.
INTERCEPT_DECAY = 0.01
SMALLEST_SCALE = 1e-9
LARGEST_MARGIN = 36.0

LOG2_E = 1.4426950408889634
# ln 2 in two parts; the lower 32 bits of the first are 0, so that its multiples are exact.
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
EXP_TERMS = 14
LOWEST_POWER = -54
POWERS_OF_TWO = 2.0 ** np.arange(LOWEST_POWER, -LOWEST_POWER)


@njit(nogil=True, cache=True, inline="always")
def _mix(h, k):
    k = (k * 0xCC9E2D51) & MASK
    k = ((k << 15) | (k >> 17)) & MASK
    return h ^ ((k * 0x1B873593) & MASK)


@njit(nogil=True, cache=True, inline="always")
def _advance(h, k):
    h = _mix(h, k)
    h = ((h << 13) | (h >> 19)) & MASK
    return (h * 5 + 0xE6546B64) & MASK


@njit(nogil=True, cache=True, inline="always")
def _finish(h, length):
    h ^= length
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


@njit(nogil=True, cache=True, inline="always")
def _add(h, k, length, byte):
    # k holds the bytes of the block that is begun; MurmurHash3 reads blocks of four, lowest byte first.
    k |= np.int64(byte) << ((length & 3) << 3)
    if length & 3 == 3:
        return _advance(h, k), 0
    return h, k


@njit(nogil=True, cache=True)
def hash_rows(text, separator, terminator, prefixes, features, clicks):
    """Reads rows of `text` until it ends or `clicks` is full, and writes their features and clicks.

    A row is a name, a click and as many values as `features` has columns, separated by the byte `separator` and ended
    by `terminator`, also the last one. `prefixes` is the text of all `column=`, one after another.

    Returns the rows written, the bytes read, and what is wrong with the row after these: FINE if nothing is.
    """
    columns = features.shape[1]
    begun = np.zeros((columns, 3), dtype=np.int64)
    column = 0
    for byte in prefixes:
        h, k, length = begun[column]
        begun[column, 0], begun[column, 1] = _add(h, k, length, byte)
        begun[column, 2] += 1
        column += byte == EQUALS
    # One loop over the bytes: a value is hashed while its end is looked for. The text ends with a terminator.
    position = 0
    for row in range(len(clicks)):
        if position == len(text):
            return row, position, FINE
        start = position
        while text[position] != separator:
            if text[position] == terminator:
                return row, start, TOO_FEW
            position += 1
        click, after = text[position + 1], text[position + 2]
        if click not in (ZERO, ONE) or after != separator:
            return row, start, BAD_CLICK
        clicks[row] = click - ZERO
        position += 2
        for column in range(columns):
            h, k, length = begun[column, 0], begun[column, 1], begun[column, 2]
            position += 1
            byte = text[position]
            while byte not in (separator, terminator):
                h, k = _add(h, k, length, byte)
                length += 1
                position += 1
                byte = text[position]
            if (byte == terminator) != (column == columns - 1):
                return row, start, TOO_FEW if byte == terminator else TOO_MANY
            h = _finish(_mix(h, k), length)
            features[row, column] = h if h < SIGN else SIGN | (-h & (SIGN - 1))
        position += 1
    return len(clicks), position, FINE


@njit(nogil=True, cache=True, inline="always")
def _exp(x):
    # e^x = 2^n e^r with |r| at most ln 2 / 2, and the series of e^r; plain arithmetic, rounded alike everywhere.
    n = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    series = 1.0
    for term in range(EXP_TERMS, 0, -1):
        series = 1.0 + series * r / term
    return series * POWERS_OF_TWO[int(n) - LOWEST_POWER]


@njit(nogil=True, cache=True, inline="always")
def _margin(row, mask, weights, column):
    total = 0.0
    for feature in row:
        total += weights[feature & mask, column] * (1.0 - 2.0 * (feature >> SIGN_SHIFT))
    return total


@njit(nogil=True, cache=True, inline="always")
def _log_loss(margin, click):
    against = -margin if click else margin
    return math.log1p(math.exp(-abs(against))) + max(against, 0.0)


@njit(nogil=True, cache=True)
def _permutation(count, seed):
    # Fisher and Yates, drawing from Marsaglia's 32-bit xorshift (13, 17, 5): scikit-learn's order of a chunk.
    order = np.arange(count)
    draw = seed or 1
    for place in range(count - 1):
        draw ^= (draw << 13) & 0xFFFFFFFF
        draw ^= draw >> 17
        draw ^= (draw << 5) & 0xFFFFFFFF
        other = place + (draw & 0x7FFFFFFF) % (count - place)
        order[place], order[other] = order[other], order[place]
    return order


@njit(nogil=True, cache=True)
def learn(features, clicks, mask, seed, penalty, alpha, eta, weights, scalars):
    """Learns from the rows in an order drawn by `seed`, and changes `weights` and `scalars`.

    Returns the sum of the rows' log-losses (nats), each before it was learnt from.
    """
    # With averaging, scikit-learn begins every chunk with an intercept of 0; only its average goes on.
    intercept, average_intercept, steps = 0.0, scalars[AVERAGE_INTERCEPT], scalars[STEPS]
    # The weights are scale · w; their average is (average_a · w + average) / average_b.
    scale, average_a, average_b = 1.0, 0.0, 1.0
    shrink = max(0.0, 1.0 - eta * alpha) if penalty == L2 else 1.0
    due, paid = 0.0, np.zeros(len(weights) if penalty == L1 else 0)
    loss = 0.0
    for place in _permutation(len(clicks), seed):
        row = features[place]
        margin = _margin(row, mask, weights, WEIGHT) * scale + intercept
        loss += _log_loss(margin, clicks[place])
        bounded = min(max(margin, -LARGEST_MARGIN), LARGEST_MARGIN)
        update = eta * (clicks[place] - 1.0 / (1.0 + _exp(-bounded)))
        scale *= shrink
        if scale < SMALLEST_SCALE:
            _settle(weights, scale, average_a, average_b)
            scale, average_a, average_b = 1.0, 0.0, 1.0
        step = update / scale
        average_step = -average_a * step
        for feature in row:
            sign = 1.0 - 2.0 * (feature >> SIGN_SHIFT)
            weights[feature & mask, WEIGHT] += sign * step
            weights[feature & mask, AVERAGE] += sign * average_step
        intercept += update * INTERCEPT_DECAY
        steps += 1.0
        if steps > 1.0:
            average_b /= 1.0 - 1.0 / steps
        average_a += average_b * scale / steps
        average_intercept += (intercept - average_intercept) / steps
        if penalty == L1:
            due += eta * alpha
            for feature in row:
                index = feature & mask
                before = weights[index, WEIGHT]
                if before > 0.0:
                    weights[index, WEIGHT] = max(0.0, before - (due + paid[index]) / scale)
                elif before < 0.0:
                    weights[index, WEIGHT] = min(0.0, before + (due - paid[index]) / scale)
                paid[index] += scale * (weights[index, WEIGHT] - before)
    _settle(weights, scale, average_a, average_b)
    scalars[AVERAGE_INTERCEPT], scalars[STEPS] = average_intercept, steps
    return loss


@njit(nogil=True, cache=True, inline="always")
def _settle(weights, scale, average_a, average_b):
    for index in range(len(weights)):
        weights[index, AVERAGE] = (weights[index, AVERAGE] + average_a * weights[index, WEIGHT]) / average_b
        weights[index, WEIGHT] *= scale


@njit(nogil=True, cache=True)
def sum_log_loss(features, clicks, mask, coefficients, intercept):
    """Sum of the rows' log-losses (nats); `coefficients` is a table of one column."""
    loss = 0.0
    for place in range(len(clicks)):
        loss += _log_loss(_margin(features[place], mask, coefficients, 0) + intercept, clicks[place])
    return loss
