"""Tries some settings, drawn at random by a seed, to find those that predict the validation month best."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scipy.stats import loguniform, randint
from sklearn.model_selection import ParameterSampler

from taxi.features import fit_vectorizer, target
from taxi.regression import Parameters, fit, predict, rmse

if TYPE_CHECKING:
    import polars as pl

    from millrace_job import Context

SPACE = {
    "maxDepth": randint(2, 11),
    "learningRate": loguniform(0.03, 0.3),
    "l2Regularization": loguniform(0.01, 100),
}


class Evaluation(Parameters):
    """Settings, and their error on the validation month in minutes."""

    rmse: float


def candidates(count: int, seed: int) -> list[Parameters]:
    """The settings to try. The same seed gives the same settings, and a larger `count` only appends more."""
    # Four digits are enough. They are the same on every machine; the last bits of an exponential aren't.
    return [
        {
            "maxDepth": int(drawn["maxDepth"]),
            "learningRate": float(f"{drawn['learningRate']:.4g}"),
            "l2Regularization": float(f"{drawn['l2Regularization']:.4g}"),
        }
        for drawn in ParameterSampler(SPACE, count, random_state=seed)
    ]


def search(
    training: pl.DataFrame, validation: pl.DataFrame, tries: list[Parameters], seed: int, context: Context
) -> list[Evaluation]:
    """Fits and measures each candidate. Candidates that an interrupted attempt has measured aren't measured again."""
    vectorizer = fit_vectorizer(training)
    actual = target(validation)
    saved = context.checkpoint.load_bytes()
    done: list[Evaluation] = [] if saved is None else json.loads(saved)
    if done:
        context.log.info("going on after a checkpoint", evaluations=len(done))
    for parameters in tries[len(done) :]:
        error = rmse(predict(fit(training, vectorizer, parameters, seed), validation), actual)
        done.append({**parameters, "rmse": error})
        context.log.info("evaluated", number=len(done), **done[-1])
        context.checkpoint.save_bytes(json.dumps(done).encode())
        best = min(each["rmse"] for each in done)
        context.progress(
            len(done) / len(tries), f"evaluation {len(done)} of {len(tries)}: RMSE {error:.3f} min, best {best:.3f}"
        )
    return done
