"""The source project's way, `FILE TRAIN_ROWS ETA0 OUT`: chunks by pandas, lists of strings hashed, partial_fit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

CHUNK_ROWS = 100_000


def main(source: str, train_rows: int, eta0: float, out: str) -> None:
    """Trains on the first rows and tests on the others; prints the log-loss and saves the coefficients."""
    hasher = FeatureHasher(n_features=2**20, input_type="string")
    model = SGDClassifier(
        loss="log_loss", alpha=1e-6, learning_rate="constant", eta0=eta0, average=True, random_state=42
    )
    rows = 0
    clicks: list[int] = []
    predicted: list[float] = []
    for chunk in pd.read_csv(source, dtype=str, keep_default_na=False, chunksize=CHUNK_ROWS):
        click = chunk.pop("click").astype(int).to_numpy()
        values = chunk.drop(columns="id")
        features = hasher.transform(
            [f"{name}={value}" for name, value in zip(values.columns, row, strict=True)]
            for row in values.itertuples(index=False, name=None)
        )
        if rows < train_rows:
            model.partial_fit(features, click, classes=[0, 1])
        else:
            clicks.extend(click)
            predicted.extend(model.predict_proba(features)[:, 1])
        rows += len(chunk)
    np.savez(Path(out), coefficients=model.coef_, intercept=model.intercept_)
    sys.stdout.write(json.dumps({"logLoss": log_loss(clicks, predicted)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
