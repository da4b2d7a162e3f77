"""The loops over bytes, rows and weights, as Numba compiles them to kernels.ll: see compile.py.

Nothing here depends on the machine: no fused multiplication, and an exponential of its own where libm's differs between
processors. So the same rows give the same weights, bit for bit, everywhere.

Features. Each `column=value` of a row is hashed as scikit-learn's FeatureHasher does: h is the signed MurmurHash3 (32
bits, seed 0) of the text in UTF-8. A feature is 32 bits: the lower 31 are |h| mod 2^31, the highest is set where h is
negative. A model of 2^b weights takes the lower b bits as the index and the sign as the value, 1 or -1; features of a
row that meet at one index add up. |-2^31| mod 2^b is 0 for all b up to 31.

Learning. `descend` is averaged stochastic gradient descent in the steps, and their order, of scikit-learn's
`SGDClassifier(loss="log_loss", learning_rate="constant", average=True)` with a `partial_fit` for each chunk. `follow`
is FTRL-Proximal, where each weight has a learning rate of its own, which falls with the gradients that it has met.
Both minimise the mean log-loss plus alpha times the penalty, the sum of |w| or of w²/2: in FTRL-Proximal, which
minimises the sum over the rows so far, the penalty therefore counts alpha times their number.

Sources: MurmurHash3 by A. Appleby (public domain), https://github.com/aappleby/smhasher. L. Bottou, "Stochastic
Gradient Descent Tricks" (2012), 5.1 (scaled weights) and 5.3 (averaging). Y. Tsuruoka et al., "Stochastic Gradient
Descent Training for L1-regularized Log-linear Models with Cumulative Penalty" (2009), 3.1. H. B. McMahan et al., "Ad
Click Prediction: a View from the Trenches" (2013), algorithm 1. G. Marsaglia, "Xorshift RNGs" (2003).
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray, njit, types

from ctr.kernels.constants import (
    AVERAGE,
    AVERAGE_INTERCEPT,
    BAD_CLICK,
    FINE,
    INTERCEPT_LENGTH,
    INTERCEPT_PULL,
    L1,
    L2,
    LENGTH,
    PULL,
    ROWS,
    SIGN,
    SIGN_SHIFT,
    STEPS,
    TOO_FEW,
    TOO_MANY,
    WEIGHT,
)

MASK = 0xFFFFFFFF
ZERO, ONE, EQUALS = b"01="

# scikit-learn's, for the intercept of sparse data: it is part of every row and would move too fast.
INTERCEPT_DECAY = 0.01
SMALLEST_SCALE = 1e-9
# The paper's beta, and its advice: what keeps the first steps of a weight short. Its alpha is eta here.
BETA = 1.0
# Beyond it a probability is 0 or 1 to the last bit that counts.
LARGEST_MARGIN = 36.0

LOG2_E = 1.4426950408889634
# ln 2 in two parts; the lower 32 bits of the first are 0, so that its multiples are exact.
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
EXP_TERMS = 14
LOWEST_POWER = -54
POWERS_OF_TWO = 2.0 ** np.arange(LOWEST_POWER, -LOWEST_POWER)

# Types of C: arrays come as pointers, and their lengths beside them.
whole, real = types.int64, types.float64
bytes_, features_ = types.CPointer(types.uint8), types.CPointer(types.uint32)
wholes, reals = types.CPointer(whole), types.CPointer(real)

part = njit(inline="always", error_model="numpy")


@part
def _mix(h, k):
    k = (k * 0xCC9E2D51) & MASK
    k = ((k << 15) | (k >> 17)) & MASK
    return h ^ ((k * 0x1B873593) & MASK)


@part
def _advance(h, k):
    h = _mix(h, k)
    h = ((h << 13) | (h >> 19)) & MASK
    return (h * 5 + 0xE6546B64) & MASK


@part
def _finish(h, length):
    h ^= length
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & MASK
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


@part
def _add(h, k, length, byte):
    # k holds the bytes of the block that is begun; MurmurHash3 reads blocks of four, lowest byte first.
    k |= np.int64(byte) << ((length & 3) << 3)
    if length & 3 == 3:
        return _advance(h, k), 0
    return h, k


@njit(
    whole(bytes_, whole, whole, whole, bytes_, whole, wholes, features_, bytes_, whole, whole, wholes),
    error_model="numpy",
)
def hash_rows(text, size, separator, terminator, prefixes, prefix_bytes, begun, features, clicks, rows, columns, read):
    """Reads rows until the text ends or there are enough, and writes their features and clicks.

    A row is a name, a click and a value for each column, separated by the byte `separator`; every row ends with
    `terminator`. `prefixes` is the text of all `column=`, one after another, and `begun` is room for their hashes.
    Writes to `read` how many rows and bytes that were. Returns what is wrong with the row after these, or FINE.
    """
    text, prefixes, begun = carray(text, size), carray(prefixes, prefix_bytes), carray(begun, (columns, 3))
    features, clicks = carray(features, (rows, columns)), carray(clicks, rows)
    begun[:] = 0
    column = 0
    for byte in prefixes:
        h, k, length = begun[column, 0], begun[column, 1], begun[column, 2]
        begun[column, 0], begun[column, 1] = _add(h, k, length, byte)
        begun[column, 2] += 1
        column += byte == EQUALS
    # One loop over the bytes: a value is hashed while its end is looked for.
    position = 0
    for row in range(rows):
        read[0], read[1] = row, position
        if position == size:
            return FINE
        while text[position] != separator:
            if text[position] == terminator:
                return TOO_FEW
            position += 1
        click = text[position + 1]
        if click not in (ZERO, ONE) or text[position + 2] != separator:
            return BAD_CLICK
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
                return TOO_FEW if byte == terminator else TOO_MANY
            h = _finish(_mix(h, k), length)
            features[row, column] = h if h < SIGN else SIGN | (-h & (SIGN - 1))
        position += 1
    read[0], read[1] = rows, position
    return FINE


@part
def _exp(x):
    # e^x = 2^n e^r with |r| at most ln 2 / 2, and the series of e^r; plain arithmetic, rounded alike everywhere.
    n = math.floor(x * LOG2_E + 0.5)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    series = 1.0
    for term in range(EXP_TERMS, 0, -1):
        series = 1.0 + series * r / term
    return series * POWERS_OF_TWO[int(n) - LOWEST_POWER]


@part
def _margin(row, mask, weights, column):
    total = 0.0
    for feature in row:
        total += weights[feature & mask, column] * (1.0 - 2.0 * (feature >> SIGN_SHIFT))
    return total


@part
def _probability(margin):
    return 1.0 / (1.0 + _exp(-min(max(margin, -LARGEST_MARGIN), LARGEST_MARGIN)))


@part
def _log_loss(margin, click):
    against = -margin if click else margin
    return math.log1p(math.exp(-abs(against))) + max(against, 0.0)


@part
def _shuffle(order, seed):
    # Fisher and Yates, drawing from Marsaglia's 32-bit xorshift (13, 17, 5): scikit-learn's order of a chunk.
    count = len(order)
    for place in range(count):
        order[place] = place
    draw = seed or 1
    for place in range(count - 1):
        draw ^= (draw << 13) & MASK
        draw ^= draw >> 17
        draw ^= (draw << 5) & MASK
        other = place + (draw & (SIGN - 1)) % (count - place)
        order[place], order[other] = order[other], order[place]


@part
def _settle(weights, scale, average_a, average_b):
    for index in range(len(weights)):
        weights[index, AVERAGE] = (weights[index, AVERAGE] + average_a * weights[index, WEIGHT]) / average_b
        weights[index, WEIGHT] *= scale


@njit(
    real(features_, bytes_, whole, whole, whole, wholes, whole, real, real, reals, reals, whole, reals),
    error_model="numpy",
)
def descend(features, clicks, rows, columns, seed, order, penalty, alpha, eta, paid, weights, size, state):
    """Learns from the rows in an order drawn by `seed`, and changes `weights` (a table of `size` rows) and `state`.

    `order` is room for as many numbers as there are rows, and `paid` are as many zeros as weights, where the penalty is
    L1. Returns the sum of the rows' log-losses (nats), each before it was learnt from.
    """
    features, clicks = carray(features, (rows, columns)), carray(clicks, rows)
    order, weights = carray(order, rows), carray(weights, (size, 2))
    mask = size - 1
    # With averaging, scikit-learn begins every chunk with an intercept of 0; only its average goes on.
    intercept, average_intercept, steps = 0.0, state[AVERAGE_INTERCEPT], state[STEPS]
    # The weights are scale · w; their average is (average_a · w + average) / average_b.
    scale, average_a, average_b = 1.0, 0.0, 1.0
    shrink = max(0.0, 1.0 - eta * alpha) if penalty == L2 else 1.0
    due = 0.0
    loss = 0.0
    _shuffle(order, seed)
    for place in order:
        row = features[place]
        margin = _margin(row, mask, weights, WEIGHT) * scale + intercept
        loss += _log_loss(margin, clicks[place])
        update = eta * (clicks[place] - _probability(margin))
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
    state[AVERAGE_INTERCEPT], state[STEPS] = average_intercept, steps
    return loss


@part
def _strength(penalty, kind, alpha, rows):
    return alpha * rows if penalty == kind else 0.0


@part
def _weight_of(pull, length, pace, l1, l2):
    # `pace` is one over the learning rate.
    if abs(pull) <= l1:
        return 0.0
    return (math.copysign(l1, pull) - pull) / ((BETA + length) * pace + l2)


@njit(
    real(features_, bytes_, whole, whole, whole, real, real, reals, reals, whole, reals),
    error_model="numpy",
)
def follow(features, clicks, rows, columns, penalty, alpha, eta, used, weights, size, state):
    """Learns from the rows in their order, and changes `weights` (a table of `size` rows) and `state`.

    `used` is room for a number for each column. Returns the sum of the rows' log-losses (nats), each before it was
    learnt from. Features of a row that meet at one index each count with a gradient of their own.
    """
    features, clicks = carray(features, (rows, columns)), carray(clicks, rows)
    weights, used = carray(weights, (size, 2)), carray(used, columns)
    mask, pace = size - 1, 1.0 / eta
    loss = 0.0
    for place in range(rows):
        row = features[place]
        l1, l2 = _strength(penalty, L1, alpha, state[ROWS]), _strength(penalty, L2, alpha, state[ROWS])
        intercept = _weight_of(state[INTERCEPT_PULL], state[INTERCEPT_LENGTH], pace, 0.0, 0.0)
        margin = intercept
        for column in range(columns):
            index = row[column] & mask
            used[column] = _weight_of(weights[index, PULL], weights[index, LENGTH], pace, l1, l2)
            margin += used[column] * (1.0 - 2.0 * (row[column] >> SIGN_SHIFT))
        loss += _log_loss(margin, clicks[place])
        slope = _probability(margin) - clicks[place]
        square = slope * slope
        for column in range(columns):
            index = row[column] & mask
            before = weights[index, LENGTH]
            length = math.sqrt(before * before + square)
            gradient = slope * (1.0 - 2.0 * (row[column] >> SIGN_SHIFT))
            weights[index, PULL] += gradient - (length - before) * pace * used[column]
            weights[index, LENGTH] = length
        before = state[INTERCEPT_LENGTH]
        state[INTERCEPT_LENGTH] = math.sqrt(before * before + square)
        state[INTERCEPT_PULL] += slope - (state[INTERCEPT_LENGTH] - before) * pace * intercept
        state[ROWS] += 1.0
    return loss


@njit(real(whole, real, real, reals, whole, reals, reals), error_model="numpy")
def weigh(penalty, alpha, eta, weights, size, state, coefficients):
    """Writes to `coefficients` the weights that follow from what `follow` has learnt, and returns the intercept."""
    weights, coefficients = carray(weights, (size, 2)), carray(coefficients, size)
    l1, l2 = _strength(penalty, L1, alpha, state[ROWS]), _strength(penalty, L2, alpha, state[ROWS])
    for index in range(size):
        coefficients[index] = _weight_of(weights[index, PULL], weights[index, LENGTH], 1.0 / eta, l1, l2)
    return _weight_of(state[INTERCEPT_PULL], state[INTERCEPT_LENGTH], 1.0 / eta, 0.0, 0.0)


@njit(real(features_, bytes_, whole, whole, reals, whole, real), error_model="numpy")
def sum_log_loss(features, clicks, rows, columns, coefficients, size, intercept):
    """Sum of the rows' log-losses (nats) by a model of `size` coefficients."""
    features, clicks = carray(features, (rows, columns)), carray(clicks, rows)
    table = carray(coefficients, (size, 1))
    mask = size - 1
    loss = 0.0
    for place in range(rows):
        loss += _log_loss(_margin(features[place], mask, table, 0) + intercept, clicks[place])
    return loss
