"""How well a model predicts text that it has not seen, compared with a model that knows only token frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Score:
    """How well tokens are predicted. `loss` is the mean in nats per token."""

    loss: float
    tokens: int
    bytes: int

    @property
    def perplexity(self) -> float:
        """The exponential of the loss. A model with perplexity n is as uncertain as if n tokens were equally likely."""
        return math.exp(self.loss)

    @property
    def bits_per_byte(self) -> float:
        """Bits needed for each byte of the text. Unlike perplexity, this can be compared between tokenisers."""
        return self.loss * self.tokens / (math.log(2) * self.bytes)


def unigram_loss(train: NDArray[np.uint16], validation: NDArray[np.uint16], vocabulary_size: int) -> float:
    """Loss (nats per token) of a model that knows only how frequent each token is in `train`. It is measured on all
    tokens of `validation` except the first. One is added to each count (Laplace), so that no token is impossible.
    """
    counts = np.bincount(train, minlength=vocabulary_size) + 1.0
    return float(-np.log(counts / counts.sum())[validation[1:]].mean())
