"""The learner: the same weights as scikit-learn's, and an exponential that needs no library."""

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
from ctr.regression import Regression, Settings
from ctr.source import START

if TYPE_CHECKING:
    from ctr.regression import Penalty

BITS = 8


def make_chunk(rows: int, seed: int) -> Chunk:
    random = np.random.RandomState(seed)
    index = random.zipf(1.3, size=(rows, 22)).astype(np.uint32) % 2**BITS
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


@pytest.mark.parametrize("penalty", ["l2", "l1", "none"])
@pytest.mark.parametrize(("alpha", "eta0"), [(1e-6, 0.05), (1e-2, 0.5)])
def test_weights_are_those_of_sgd_classifier(penalty: Penalty, alpha: float, eta0: float) -> None:
    ours = Regression(Settings(penalty, alpha, eta0, BITS, seed=42))
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


def test_the_compiled_loops_are_those_of_the_source() -> None:
    first = ASSEMBLY.read_text().partition("\n")[0]
    assert digest_of_source() in first, "run python -m ctr.kernels.compile, and commit kernels.ll"


def test_very_strong_regularisation_leaves_finite_weights() -> None:
    regression = Regression(Settings("l2", 1.0, 0.9, BITS, seed=1))
    regression.learn(make_chunk(1000, 1))
    assert np.isfinite(regression.weights).all()


def test_another_seed_is_another_order() -> None:
    models = []
    for seed in (1, 2):
        regression = Regression(Settings("l2", 1e-6, 0.05, BITS, seed))
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
