"""Logistic regression by averaged stochastic gradient descent: what it is set to, what it learns, what it ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ctr import kernels
from ctr.kernels.constants import AVERAGE, AVERAGE_INTERCEPT, L1, L2, NO_PENALTY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctr.chunks import Chunk

Penalty = Literal["l2", "l1", "none"]
PENALTIES = {"none": NO_PENALTY, "l1": L1, "l2": L2}


@dataclass(frozen=True)
class Settings:
    """How to learn: see ctr/contract.ts."""

    penalty: Penalty
    alpha: float
    eta0: float
    feature_bits: int
    seed: int


@dataclass(frozen=True)
class LinearModel:
    """What was learnt: the log-odds of a click are the intercept and the signed coefficients of the row's features."""

    coefficients: NDArray[np.float64]
    intercept: float

    @property
    def feature_bits(self) -> int:
        """The number of coefficients as a power of two."""
        return len(self.coefficients).bit_length() - 1

    def log_loss(self, chunk: Chunk) -> float:
        """Sum of the rows' log-losses, in nats."""
        return kernels.sum_log_loss(chunk.features, chunk.clicks, self.coefficients, self.intercept)


class Regression:
    """A model that learns. Its state after a chunk is `weights` and `scalars`, and nothing else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # scikit-learn draws another number first, for shuffles that it doesn't do here.
        draws = np.random.RandomState(settings.seed)
        self._seed = int((draws.randint(1, 2**31 - 1), draws.randint(2**31 - 1))[1])
        self.weights = np.zeros((2**settings.feature_bits, 2))
        self.scalars = np.zeros(2)

    def learn(self, chunk: Chunk) -> float:
        """Learns from the rows of a chunk, shuffled; the sum of their log-losses (nats) before each was learnt from."""
        asked = self._settings
        return kernels.learn(
            *(chunk.features, chunk.clicks, self._seed, PENALTIES[asked.penalty], asked.alpha, asked.eta0),
            *(self.weights, self.scalars),
        )

    def model(self) -> LinearModel:
        """The average over all steps so far."""
        return LinearModel(self.weights[:, AVERAGE].copy(), float(self.scalars[AVERAGE_INTERCEPT]))
