"""Logistic regression that learns row by row: its settings, its learners and its result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ctr import kernels
from ctr.kernels.constants import AVERAGE, AVERAGE_INTERCEPT, L1, L2, NO_PENALTY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ctr.chunks import Chunk

Optimizer = Literal["ftrl", "sgd"]
Penalty = Literal["l2", "l1", "none"]
PENALTIES = {"none": NO_PENALTY, "l1": L1, "l2": L2}


@dataclass(frozen=True)
class Settings:
    """The settings of training, as in ctr/contract.ts."""

    optimizer: Optimizer
    penalty: Penalty
    alpha: float
    eta0: float
    feature_bits: int
    seed: int


@dataclass(frozen=True)
class LinearModel:
    """A learnt model. The log-odds of a click are the intercept plus the signed coefficients of the row's features."""

    coefficients: NDArray[np.float64]
    intercept: float

    @property
    def feature_bits(self) -> int:
        """The number of coefficients as a power of two."""
        return len(self.coefficients).bit_length() - 1

    def log_loss(self, chunk: Chunk) -> float:
        """Sum of the rows' log-losses, in nats."""
        return kernels.sum_log_loss(chunk.features, chunk.clicks, self.coefficients, self.intercept)


class Regression(ABC):
    """A model that learns. Its whole state after a chunk is `weights` and `scalars`."""

    def __init__(self, settings: Settings, scalars: int) -> None:
        self._settings = settings
        self.weights = np.zeros((2**settings.feature_bits, 2))
        self.scalars = np.zeros(scalars)

    @abstractmethod
    def learn(self, chunk: Chunk) -> float:
        """Learns from a chunk. Returns the sum of the rows' log-losses (nats), measured before each row is learnt."""

    @abstractmethod
    def model(self) -> LinearModel:
        """The model that was learnt so far."""


class FollowTheLeader(Regression):
    """FTRL-Proximal: rows in their order, and a falling learning rate for each weight. Chunk sizes don't matter."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, scalars=3)

    def learn(self, chunk: Chunk) -> float:
        asked = self._settings
        return kernels.follow(
            *(chunk.features, chunk.clicks, PENALTIES[asked.penalty], asked.alpha, asked.eta0),
            *(self.weights, self.scalars),
        )

    def model(self) -> LinearModel:
        asked = self._settings
        return LinearModel(
            *kernels.weigh(PENALTIES[asked.penalty], asked.alpha, asked.eta0, self.weights, self.scalars)
        )


class AveragedDescent(Regression):
    """Averaged stochastic gradient descent: constant learning rate, shuffled chunks. The average is the model."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, scalars=2)
        # scikit-learn draws one number first, for another shuffle. This class does too, to get the same numbers.
        draws = np.random.RandomState(settings.seed)
        self._seed = int((draws.randint(1, 2**31 - 1), draws.randint(2**31 - 1))[1])

    def learn(self, chunk: Chunk) -> float:
        asked = self._settings
        return kernels.descend(
            *(chunk.features, chunk.clicks, self._seed, PENALTIES[asked.penalty], asked.alpha, asked.eta0),
            *(self.weights, self.scalars),
        )

    def model(self) -> LinearModel:
        return LinearModel(self.weights[:, AVERAGE].copy(), float(self.scalars[AVERAGE_INTERCEPT]))


def make_regression(settings: Settings) -> Regression:
    """A new regression, which has learnt nothing yet."""
    return FollowTheLeader(settings) if settings.optimizer == "ftrl" else AveragedDescent(settings)
