"""Routes and distances as a matrix for scikit-learn, by the column.

The vectoriser is scikit-learn's own DictVectorizer, so that a stored model takes what everybody's does: a dict a ride.
Here the same matrix is made without one: a route is looked up once, however many rides it has.
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
    """A vectoriser that knows the routes of these rides, the same as one that was shown each ride."""
    routes = rides[ROUTE].unique().to_list()
    return DictVectorizer().fit([{ROUTE: route, DISTANCE: 0.0} for route in routes])


def encode(rides: pl.DataFrame, vectorizer: DictVectorizer) -> csr_matrix:
    """What `vectorizer.transform` makes of the rides' dicts: a row a ride. An unseen route is no feature at all.

    Raises:
        FatalError: the vectoriser knows features that rides do not have.
    """
    _check(vectorizer)
    routes = route_columns(rides, vectorizer)
    seen = routes != UNSEEN
    # Within a row the route comes before the distance, as their names do: the order of DictVectorizer's columns.
    ends = np.cumsum(seen + 1, dtype=np.int32)
    indices = np.full(int(ends[-1]) if len(ends) else 0, vectorizer.vocabulary_[DISTANCE], dtype=np.int32)
    values = np.empty(len(indices))
    values[ends - 1] = rides[DISTANCE].to_numpy()
    indices[ends[seen] - 2] = routes[seen]
    values[ends[seen] - 2] = 1.0
    starts = np.concatenate((np.zeros(1, dtype=np.int32), ends))
    return csr_matrix((values, indices, starts), shape=(rides.height, len(vectorizer.vocabulary_)))


def route_columns(rides: pl.DataFrame, vectorizer: DictVectorizer) -> NDArray[np.int32]:
    """The matrix's column of each ride's route; UNSEEN for a route that the vectoriser was not fitted on."""
    prefix = f"{ROUTE}{vectorizer.separator}"
    known = {name.removeprefix(prefix): column for name, column in vectorizer.vocabulary_.items() if name != DISTANCE}
    table = pl.DataFrame(
        {ROUTE: list(known), "column": list(known.values())}, schema={ROUTE: pl.String, "column": pl.Int32}
    )
    columns = rides.select(ROUTE).join(table, on=ROUTE, how="left", maintain_order="left")["column"]
    return columns.fill_null(UNSEEN).to_numpy()


def target(rides: pl.DataFrame) -> NDArray[np.float64]:
    """Minutes that the rides took."""
    return rides[TARGET].to_numpy()


def _check(vectorizer: DictVectorizer) -> None:
    prefix = f"{ROUTE}{vectorizer.separator}"
    other = [name for name in vectorizer.vocabulary_ if name != DISTANCE and not name.startswith(prefix)]
    if other or DISTANCE not in vectorizer.vocabulary_:
        known = ", ".join(sorted(vectorizer.vocabulary_)[:3])
        raise FatalError(
            f"the model's DictVectorizer knows {other[0] if other else known}: give a model of {ROUTE} and {DISTANCE}"
        )
