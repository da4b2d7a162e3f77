"""The model, a scikit-learn Pipeline of a vectoriser and boosted trees, and its error."""

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
    """The settings that the search chooses."""

    maxDepth: int
    learningRate: float
    l2Regularization: float


def make_regressor(parameters: Parameters, seed: int) -> StackingRegressor:
    """Boosted trees that learn from a ridge regression's estimate for each route, and from the distance.

    A tree splits on one route at a time. There are thousands of routes, and most have few rides, so trees alone predict
    worse than a ridge regression. Therefore a ridge regression estimates the effect of each route, out of fold for the
    rides that it is fitted on. The trees learn from this estimate and from the few most informative columns, of which
    the distance is the first.
    """
    trees = make_pipeline(
        SelectKBest(f_regression, k=DENSE_FEATURES),
        # Boosted trees don't accept a sparse matrix.
        FunctionTransformer(operator.methodcaller("toarray"), accept_sparse=True),
        HistGradientBoostingRegressor(
            max_iter=TREES,
            max_depth=parameters["maxDepth"],
            learning_rate=parameters["learningRate"],
            l2_regularization=parameters["l2Regularization"],
            # Early stopping would hold out random rides.
            early_stopping=False,
            random_state=seed,
        ),
    )
    return StackingRegressor([("routes", Ridge(alpha=ROUTES_ALPHA))], trees, passthrough=True)


def fit(rides: pl.DataFrame, vectorizer: DictVectorizer, parameters: Parameters, seed: int) -> Pipeline:
    """The vectoriser and a regressor that is fitted on these rides, as one Pipeline that takes a dict for each ride.

    The same rides, parameters and seed give the same bits, because one thread adds numbers in one order.
    """
    with threadpool_limits(limits=1):
        regressor = make_regressor(parameters, seed).fit(encode(rides, vectorizer), target(rides))
    return Pipeline([("vectorizer", vectorizer), ("regressor", regressor)])


def predict(pipeline: Pipeline, rides: pl.DataFrame) -> NDArray[np.float64]:
    """The predicted durations in minutes. They equal the Pipeline's predictions for dicts, but need no dicts."""
    vectorizer = pipeline.steps[0][1]
    with threadpool_limits(limits=1):
        predicted: NDArray[np.float64] = pipeline[1:].predict(encode(rides, vectorizer))
    return predicted


def rmse(predicted: NDArray[np.float64] | float, actual: NDArray[np.float64]) -> float:
    """The root of the mean squared error, in minutes."""
    return float(np.sqrt(np.mean((actual - predicted) ** 2)))
