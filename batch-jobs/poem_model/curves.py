"""A chart of a training: loss, learning rate and speed by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from poem_model.checkpoints import Look


def draw_curves(looks: Sequence[Look], best_step: int, path: Path) -> None:
    """Writes the chart as SVG. The same figures give the same bytes."""
    steps = [look["step"] for look in looks]
    figure = Figure(figsize=(8, 8), layout="constrained")
    loss, rate, speed = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1, 1))
    loss.plot(steps, [look["trainLoss"] for look in looks], marker=".", label="learnt from")
    loss.plot(steps, [look["loss"] for look in looks], marker=".", label="kept apart")
    loss.axvline(best_step, color="grey", linestyle=":", label="best")
    loss.set_ylabel("loss, nats a token")
    loss.legend()
    rate.plot(steps, [look["learningRate"] for look in looks], marker=".")
    rate.set_ylabel("learning rate")
    speed.plot(steps, [look["tokensPerSecond"] for look in looks], marker=".")
    speed.set_ylabel("tokens a second")
    speed.set_xlabel("step")
    # Otherwise the file would contain the time and random names.
    with matplotlib.rc_context({"svg.hashsalt": "millrace"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
