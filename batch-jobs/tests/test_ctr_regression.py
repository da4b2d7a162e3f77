"""The learners: the weights of scikit-learn, and of the paper; and an exponential that needs no library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import SGDClassifier

from ctr.chunks import Chunk
from ctr.kernels import ASSEMBLY
from ctr.kernels.compile import digest_of_source
from ctr.regression import Regression, Settings, make_regression
from ctr.source import START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctr.regression import Optimizer, Penalty

BITS = 8


def make_chunk(rows: int, seed: int, *, distinct: bool = False) -> Chunk:
    """Rows of features; `distinct`: no two of a row at one index."""
    random = np.random.RandomState(seed)
    index = random.zipf(1.3, size=(rows, 22)).astype(np.uint32) % 2**BITS
    if distinct:
        index = (index % 11 + 11 * np.arange(22)).astype(np.uint32)
    features = index | (random.randint(2, size=index.shape).astype(np.uint32) << 31)
    clicks = (random.uniform(size=rows) < 0.1 + 0.5 * (index[:, 0] % 2)).astype(np.uint8)
    return Chunk(features, clicks, START)


def as_matrix(chunk: Chunk) -> scipy.sparse.csr_matrix:
    signs = np.where(chunk.features >> 31, -1.0, 1.0)
    index = chunk.features & (2**BITS - 1)
    starts = np.arange(0, index.size + 1, 22)
    matrix = scipy.sparse.csr_matrix((signs.ravel(), index.ravel(), starts), shape=(len(index), 2**BITS))
    matrix.sum_duplicates()
    return matrix


def regression_of(
    optimizer: Optimizer, penalty: Penalty = "l2", alpha: float = 1e-6, eta0: float = 0.05, seed: int = 42
) -> Regression:
    return make_regression(Settings(optimizer, penalty, alpha, eta0, BITS, seed))


@pytest.mark.parametrize("penalty", ["l2", "l1", "none"])
@pytest.mark.parametrize(("alpha", "eta0"), [(1e-6, 0.05), (1e-2, 0.5)])
def test_weights_are_those_of_sgd_classifier(penalty: Penalty, alpha: float, eta0: float) -> None:
    ours = regression_of("sgd", penalty, alpha, eta0)
    theirs = SGDClassifier(
        loss="log_loss",
        penalty=None if penalty == "none" else penalty,
        alpha=alpha,
        learning_rate="constant",
        eta0=eta0,
        average=True,
        random_state=42,
    )
    for rows, seed in ((1000, 1), (1000, 2), (301, 3)):
        chunk = make_chunk(rows, seed)
        ours.learn(chunk)
        theirs.partial_fit(as_matrix(chunk), chunk.clicks, classes=[0, 1])

    model = ours.model()
    assert model.coefficients == pytest.approx(theirs.coef_[0], rel=1e-9, abs=1e-12)
    assert model.intercept == pytest.approx(theirs.intercept_[0], rel=1e-9)
    test = make_chunk(500, 4)
    probability = theirs.predict_proba(as_matrix(test))[np.arange(500), test.clicks]
    assert model.log_loss(test) == pytest.approx(-np.log(probability).sum(), rel=1e-9)


@pytest.mark.parametrize("penalty", ["l2", "l1", "none"])
@pytest.mark.parametrize(("alpha", "eta0"), [(1e-6, 0.15), (1e-2, 0.5)])
def test_weights_are_those_of_ftrl_proximal(penalty: Penalty, alpha: float, eta0: float) -> None:
    ours = regression_of("ftrl", penalty, alpha, eta0)
    # Algorithm 1 of McMahan et al. (2013), with its names, a row at a time; the last weight is the intercept's.
    z, n, rows = np.zeros(2**BITS + 1), np.zeros(2**BITS + 1), 0

    def weights() -> NDArray[np.float64]:
        lambda1, lambda2 = np.zeros(len(z)), np.zeros(len(z))
        {"l1": lambda1, "l2": lambda2, "none": np.zeros(len(z))}[penalty][:-1] = alpha * rows
        w: NDArray[np.float64] = -(z - np.sign(z) * lambda1) / ((1.0 + np.sqrt(n)) / eta0 + lambda2)
        return np.where(np.abs(z) <= lambda1, 0.0, w)

    for size, seed in ((300, 1), (101, 2)):
        chunk = make_chunk(size, seed, distinct=True)
        learnt = ours.learn(chunk)
        expected = 0.0
        rows_with_intercept = np.column_stack([as_matrix(chunk).toarray(), np.ones(size)])
        for x, y in zip(rows_with_intercept, chunk.clicks.tolist(), strict=True):
            w = weights()
            p = 1.0 / (1.0 + math.exp(-(x @ w)))
            expected -= math.log(p if y else 1.0 - p)
            g = (p - y) * x
            sigma = (np.sqrt(n + g * g) - np.sqrt(n)) / eta0
            z += g - sigma * w
            n += g * g
            rows += 1
        assert learnt == pytest.approx(expected, rel=1e-9)
    model = ours.model()
    assert model.coefficients == pytest.approx(weights()[:-1], rel=1e-8, abs=1e-12)
    assert model.intercept == pytest.approx(weights()[-1], rel=1e-9)


def test_an_l1_penalty_leaves_weights_at_exactly_0() -> None:
    def count(penalty: Penalty) -> int:
        regression = regression_of("ftrl", penalty, alpha=3e-3, eta0=0.15)
        regression.learn(make_chunk(1000, 1))
        return int(np.count_nonzero(regression.model().coefficients))

    assert count("none") == count("l2") > 2 * count("l1") > 0


def test_the_compiled_loops_are_those_of_the_source() -> None:
    first = ASSEMBLY.read_text().partition("\n")[0]
    assert digest_of_source() in first, "run python -m ctr.kernels.compile, and commit kernels.ll"


@pytest.mark.parametrize("optimizer", ["ftrl", "sgd"])
def test_very_strong_regularisation_leaves_finite_weights(optimizer: Optimizer) -> None:
    regression = regression_of(optimizer, "l2", alpha=1.0, eta0=0.9)
    regression.learn(make_chunk(1000, 1))
    assert np.isfinite(regression.weights).all()


def test_another_seed_is_another_order_of_sgd() -> None:
    models = []
    for seed in (1, 2):
        regression = regression_of("sgd", seed=seed)
        regression.learn(make_chunk(1000, 1))
        models.append(regression.model().coefficients)
    assert (models[0] != models[1]).any()


def test_the_exponential_is_right_to_two_units_in_the_last_place() -> None:
    # As Python runs it, which rounds alike.
    from ctr.kernels import source

    exponential: Any = source._exp.py_func
    for x in np.linspace(-source.LARGEST_MARGIN, source.LARGEST_MARGIN, 2000):
        exact = math.exp(x)
        assert abs(exponential(float(x)) - exact) <= 2 * math.ulp(exact)
