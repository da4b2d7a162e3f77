"""Routes and distances as a matrix for scikit-learn, built from whole columns.

The vectoriser is scikit-learn's DictVectorizer. So a stored model takes a dict for each ride, as others do. This module
makes the same matrix without dicts: it looks up each route once, however many rides the route has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import DictVectorizer

from millrace_job import FatalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUTE, DISTANCE, TARGET = "PU_DO", "trip_distance", "duration"
UNSEEN = -1


def fit_vectorizer(rides: pl.DataFrame) -> DictVectorizer:
    """A vectoriser that knows the routes of these rides. It equals one that was fitted on each ride."""
    routes = rides[ROUTE].unique().to_list()
    return DictVectorizer().fit([{ROUTE: route, DISTANCE: 0.0} for route in routes])


def encode(rides: pl.DataFrame, vectorizer: DictVectorizer) -> csr_matrix:
    """The matrix that `vectorizer.transform` would make from the rides' dicts, with a row for each ride. A route that
    the vectoriser doesn't know has no column.

    Raises:
        FatalError: the vectoriser knows features that rides don't have.
    """
    _check(vectorizer)
    routes = route_columns(rides, vectorizer)
    seen = routes != UNSEEN
    # DictVectorizer orders columns by name, so the route comes before the distance.
    ends = np.cumsum(seen + 1, dtype=np.int32)
    indices = np.full(int(ends[-1]) if len(ends) else 0, vectorizer.vocabulary_[DISTANCE], dtype=np.int32)
    values = np.empty(len(indices))
    values[ends - 1] = rides[DISTANCE].to_numpy()
    indices[ends[seen] - 2] = routes[seen]
    values[ends[seen] - 2] = 1.0
    starts = np.concatenate((np.zeros(1, dtype=np.int32), ends))
    return csr_matrix((values, indices, starts), shape=(rides.height, len(vectorizer.vocabulary_)))


def route_columns(rides: pl.DataFrame, vectorizer: DictVectorizer) -> NDArray[np.int32]:
    """The matrix's column for the route of each ride; UNSEEN if the vectoriser doesn't know the route."""
    prefix = f"{ROUTE}{vectorizer.separator}"
    known = {name.removeprefix(prefix): column for name, column in vectorizer.vocabulary_.items() if name != DISTANCE}
    table = pl.DataFrame(
        {ROUTE: list(known), "column": list(known.values())}, schema={ROUTE: pl.String, "column": pl.Int32}
    )
    columns = rides.select(ROUTE).join(table, on=ROUTE, how="left", maintain_order="left")["column"]
    return columns.fill_null(UNSEEN).to_numpy()


def target(rides: pl.DataFrame) -> NDArray[np.float64]:
    """The durations of the rides, in minutes."""
    return rides[TARGET].to_numpy()


def _check(vectorizer: DictVectorizer) -> None:
    prefix = f"{ROUTE}{vectorizer.separator}"
    other = [name for name in vectorizer.vocabulary_ if name != DISTANCE and not name.startswith(prefix)]
    if other or DISTANCE not in vectorizer.vocabulary_:
        known = ", ".join(sorted(vectorizer.vocabulary_)[:3])
        raise FatalError(
            f"the model's DictVectorizer knows {other[0] if other else known}: give a model of {ROUTE} and {DISTANCE}"
        )
