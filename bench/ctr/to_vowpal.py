"""Writes rows for Vowpal Wabbit, in its own format and as its CSV: `FILE FOLDER TRAIN_ROWS`.

Labels are 1 and -1. Features are `column=value` in its own format. In its CSV they are quoted values, because it takes
unquoted digits for numbers.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def main(source: str, folder: str, train_rows: int) -> None:
    """Writes the first rows to train on and the others to test on."""
    with gzip.open(source, "rt", newline="") as text:
        reader = csv.reader(text)
        names = next(reader)[2:]
        write(Path(folder, "train"), names, itertools.islice(reader, train_rows))
        write(Path(folder, "test"), names, reader)


def write(path: Path, names: list[str], rows: Iterable[list[str]]) -> None:
    """Writes `.vw`, `.csv`, and `.clicks` with 0 or 1 per line."""
    with (
        path.with_suffix(".vw").open("w") as own,
        path.with_suffix(".csv").open("w") as table,
        path.with_suffix(".clicks").open("w") as clicks,
    ):
        table.write(",".join(["_label", *names]) + "\n")
        for _, click, *values in rows:
            label = "1" if click == "1" else "-1"
            features = " ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
            own.write(f"{label} | {features}\n")
            table.write(f"{label}," + ",".join(f'"{value}"' for value in values) + "\n")
            clicks.write(f"{click}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
