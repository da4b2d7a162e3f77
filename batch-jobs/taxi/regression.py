"""The model: a scikit-learn Pipeline of a vectoriser and boosted trees, and how well it predicts."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor, StackingRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from taxi.features import encode, target

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray
    from sklearn.feature_extraction import DictVectorizer

ROUTES_ALPHA = 3.0
TREES = 100
DENSE_FEATURES = 8


class Parameters(TypedDict):
    """What the search chooses."""

    maxDepth: int
    learningRate: float
    l2Regularization: float


def make_regressor(parameters: Parameters, seed: int) -> StackingRegressor:
    """Boosted trees over what a linear model makes of the routes, and over the distance.

    A tree asks for one route at a time and there are thousands, most of them of a few rides: trees alone predict worse
    than a ridge regression. So a ridge regression says what a route adds, out of fold for the rides that it was
    fitted on, and the trees learn from that and from the few columns that tell most, the distance first.
    """
    trees = make_pipeline(
        SelectKBest(f_regression, k=DENSE_FEATURES),
        # Boosted trees take no sparse matrix.
        FunctionTransformer(operator.methodcaller("toarray"), accept_sparse=True),
        HistGradientBoostingRegressor(
            max_iter=TREES,
            max_depth=parameters["maxDepth"],
            learning_rate=parameters["learningRate"],
            l2_regularization=parameters["l2Regularization"],
            # Stopping early would hold out rides by chance.
            early_stopping=False,
            random_state=seed,
        ),
    )
    return StackingRegressor([("routes", Ridge(alpha=ROUTES_ALPHA))], trees, passthrough=True)


def fit(rides: pl.DataFrame, vectorizer: DictVectorizer, parameters: Parameters, seed: int) -> Pipeline:
    """The vectoriser and a regressor fitted on these rides, as one Pipeline that takes a dict a ride.

    The same rides, parameters and seed give the same bits: one thread adds up in one order.
    """
    with threadpool_limits(limits=1):
        regressor = make_regressor(parameters, seed).fit(encode(rides, vectorizer), target(rides))
    return Pipeline([("vectorizer", vectorizer), ("regressor", regressor)])


def predict(pipeline: Pipeline, rides: pl.DataFrame) -> NDArray[np.float64]:
    """Minutes that the rides are predicted to take: what the Pipeline says of their dicts, without the dicts."""
    vectorizer = pipeline.steps[0][1]
    with threadpool_limits(limits=1):
        predicted: NDArray[np.float64] = pipeline[1:].predict(encode(rides, vectorizer))
    return predicted


def rmse(predicted: NDArray[np.float64] | float, actual: NDArray[np.float64]) -> float:
    """Root of the mean squared error, in minutes."""
    return float(np.sqrt(np.mean((actual - predicted) ** 2)))
