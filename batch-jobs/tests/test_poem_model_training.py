"""Training: it ends the same whatever happens on the way, stops in time, and makes do with the memory there is.

@needs torch
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest
import safetensors.torch
import torch

from job_context import make_context
from millrace_job import FatalError
from millrace_job.log import Log
from poem_lake import make_lake, tokenised, train_input
from poem_model import checkpoints, jobs
from poem_model.device import choose_device, is_out_of_memory
from poem_model.model import new_model
from poem_model.training import Training, learning_rate

if TYPE_CHECKING:
    from poem_model.jobs import TokeniseOutput, TrainOutput
    from poem_model.training import Settings

TINY: dict[str, Any] = {
    "model": {"seqLen": 16, "layers": 1, "heads": 2, "width": 16, "dropout": 0.2},
    "steps": 12,
    "batchSize": 4,
    "warmupSteps": 2,
    "evaluateSteps": 5,
    "checkpointSteps": 3,
}
WEIGHTS = "data/model.safetensors"


class Interrupted(BaseException):
    pass


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokeniseOutput:
    folder = tmp_path_factory.mktemp("poems")
    return tokenised(folder / "tokens", make_lake(folder, files=100))


def run(folder: Path, tokens: TokeniseOutput, *, attempt: int = 1, **changes: Any) -> TrainOutput:
    asked = train_input(tokens, **{**TINY, **changes})
    return jobs.train(asked, make_context(folder, asked, attempt=attempt))


def file_of(trained: TrainOutput, name: str) -> Path:
    return Path(next(file["uri"] for file in trained["model"]["files"] if file["uri"].endswith(name)))


def weights_of(trained: TrainOutput) -> bytes:
    return file_of(trained, WEIGHTS).read_bytes()


def interrupt_at(step: int, patch: pytest.MonkeyPatch) -> None:
    whole = Training._step

    def cut_short(self: Training, done: checkpoints.Done) -> object:
        if done.step == step:
            raise Interrupted
        return whole(self, done)

    patch.setattr(Training, "_step", cut_short)


def resume(folder: Path, tokens: TokeniseOutput) -> tuple[list[int], TrainOutput]:
    """The second attempt: the steps that it did, and what came of it."""
    whole, steps = Training._step, []

    def noted(self: Training, done: checkpoints.Done) -> object:
        steps.append(done.step)
        return whole(self, done)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Training, "_step", noted)
        return steps, run(folder, tokens, attempt=2)


@pytest.fixture(scope="module")
def uninterrupted(tokens: TokeniseOutput, tmp_path_factory: pytest.TempPathFactory) -> TrainOutput:
    return run(tmp_path_factory.mktemp("uninterrupted"), tokens)


def test_the_same_input_gives_the_same_bits(tmp_path: Path, tokens: TokeniseOutput, uninterrupted: TrainOutput) -> None:
    assert weights_of(run(tmp_path / "again", tokens)) == weights_of(uninterrupted)
    assert weights_of(run(tmp_path / "other", tokens, seed=1)) != weights_of(uninterrupted)


# Before, at and behind a checkpoint (3, 6, 9) and a look (5, 10), and before the last step.
@pytest.mark.parametrize("step", [0, 2, 3, 4, 5, 6, 8, 9, 11])
def test_an_interrupted_training_ends_with_the_same_bits(
    tmp_path: Path, tokens: TokeniseOutput, uninterrupted: TrainOutput, step: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt_at(step, patch)
        with pytest.raises(Interrupted):
            run(tmp_path, tokens)
    steps, resumed = resume(tmp_path, tokens)
    assert steps[0] == step // 3 * 3
    assert weights_of(resumed) == weights_of(uninterrupted)
    assert [look["loss"] for look in looks_of(resumed)] == [look["loss"] for look in looks_of(uninterrupted)]
    assert [look["trainLoss"] for look in looks_of(resumed)] == [look["trainLoss"] for look in looks_of(uninterrupted)]


def looks_of(trained: TrainOutput) -> list[dict[str, float]]:
    table = json.loads(Path(trained["report"]["uri"]).read_bytes())
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


@pytest.mark.parametrize("harm", ["cut short", "of other code", "of another model"])
def test_a_checkpoint_that_cannot_be_gone_on_with_is_left_for_the_one_before(
    tmp_path: Path, tokens: TokeniseOutput, uninterrupted: TrainOutput, harm: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt_at(10, patch)
        if harm != "cut short":
            save = checkpoints.Checkpoints.save
            about = {"format": 2} if harm == "of other code" else {"config": {"n_embd": 32}}

            def mislabel(self: checkpoints.Checkpoints, state: checkpoints.State) -> None:
                if state.done.step == 9:
                    self._about = {**self._about, **about}
                save(self, state)

            patch.setattr(checkpoints.Checkpoints, "save", mislabel)
        with pytest.raises(Interrupted):
            run(tmp_path, tokens)
    current = json.loads((tmp_path / "_checkpoint" / "current.json").read_bytes())
    if harm == "cut short":
        newest = Path(current["uri"])
        newest.write_bytes(newest.read_bytes()[:-100])
    steps, resumed = resume(tmp_path, tokens)
    assert steps[0] == 6
    assert weights_of(resumed) == weights_of(uninterrupted)


def test_checkpoints_are_numbers_alone_and_two_are_kept(tmp_path: Path, tokens: TokeniseOutput) -> None:
    run(tmp_path, tokens)
    current = json.loads((tmp_path / "_checkpoint" / "current.json").read_bytes())
    steps = []
    for entry in (current, current["previous"]):
        saved = safetensors.torch.load(Path(entry["uri"]).read_bytes())
        steps.append(json.loads(saved["about"].numpy().tobytes())["done"]["step"])
    assert steps == [9, 6]


def test_training_stops_when_nothing_gets_better_and_the_best_weights_are_kept(
    tmp_path: Path, tokens: TokeniseOutput
) -> None:
    still = run(tmp_path / "a", tokens, steps=100, evaluateSteps=2, patience=3, learningRate=1e-30)
    assert (still["metrics"]["steps"], still["metrics"]["bestStep"]) == (8, 2)
    assert still["metrics"]["stoppedEarly"]
    # So fast that it gets worse at the end.
    wild = run(tmp_path / "b", tokens, steps=30, evaluateSteps=1, patience=30, learningRate=0.5)
    looks = looks_of(wild)
    best = min(looks, key=lambda look: look["loss"])
    assert best["step"] == wild["metrics"]["bestStep"] < 30
    shorter = run(tmp_path / "c", tokens, steps=30, evaluateSteps=1, patience=1, learningRate=0.5)
    assert shorter["metrics"]["steps"] <= wild["metrics"]["bestStep"] + 30
    assert wild["metrics"]["bestLoss"] == best["loss"]


def test_gradients_are_clipped(tmp_path: Path, tokens: TokeniseOutput) -> None:
    # Clipped to next to nothing they move nothing, as AdamW adds 1e-8 to what it divides by.
    asked: dict[str, Any] = {"weightDecay": 0.0, "steps": 2, "evaluateSteps": 2}
    clipped, free = (run(tmp_path / str(norm), tokens, clipNorm=norm, **asked) for norm in (1e-20, 1.0))
    size = tokens["vocabularySize"]
    before = new_model(TINY["model"], size, 0, 42).state_dict()["transformer.wte.weight"]
    moved = [
        float((safetensors.torch.load(weights_of(each))["transformer.wte.weight"] - before).abs().max())
        for each in (clipped, free)
    ]
    assert moved[0] < 1e-8
    assert moved[1] > 1e-4


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    settings = cast("Settings", {"learningRate": 0.1, "warmupSteps": 10, "steps": 110})
    rates = [learning_rate(step, settings) for step in range(111)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[9] == rates[10] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.1 * (0.1 + 0.9 / 2))
    assert rates[110] == pytest.approx(0.01)
    assert all(later < earlier for earlier, later in pairwise(rates[10:]))


def test_progress_reports_loss_speed_memory_and_time_left(tmp_path: Path, tokens: TokeniseOutput) -> None:
    reports: list[dict[str, Any]] = []
    asked = train_input(tokens, **TINY)
    jobs.train(asked, make_context(tmp_path, asked, on_report=reports.append))
    assert reports[-1]["fraction"] == 1
    for event in reports:
        assert all(word in event["message"] for word in ("loss", "tokens/s", "MB", "s left"))


def test_the_curves_are_a_picture_and_the_same_one_each_time(tmp_path: Path) -> None:
    from poem_model.curves import draw_curves

    looks: Any = [
        {"step": step, "trainLoss": 3 / step, "loss": 4 / step, "learningRate": 0.1, "tokensPerSecond": 1000.0}
        for step in (1, 2, 3)
    ]
    for name in ("a.svg", "b.svg"):
        draw_curves(looks, 3, tmp_path / name)
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {**TINY["model"], "heads": 3}}, r"model\.width is 16, no multiple of model\.heads, 3"),
        ({"model": {**TINY["model"], "seqLen": 4096}}, r"too few for a model\.seqLen of 4096"),
        pytest.param(
            {"precision": "bfloat16"},
            "precision is bfloat16, but there is no GPU here: set auto",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
        ({"learningRate": 1.0, "steps": 1, "clipNorm": 1e38, "weightDecay": 1e38, "evaluateSteps": 1}, None),
    ],
)
def test_what_cannot_be_trained_is_refused_by_its_name(
    tmp_path: Path, tokens: TokeniseOutput, changes: dict[str, Any], message: str | None
) -> None:
    with pytest.raises(FatalError, match=message or "choose a smaller learningRate"):
        run(tmp_path, tokens, **changes)


def test_a_pretrained_model_is_gone_on_with(tmp_path: Path, tokens: TokeniseOutput, uninterrupted: TrainOutput) -> None:
    folder = file_of(uninterrupted, WEIGHTS).parent
    pretrained = {"uri": f"{folder}/"}
    tuned = run(tmp_path / "tuned", tokens, pretrained=pretrained, learningRate=1e-30, steps=1, evaluateSteps=1)
    assert tuned["metrics"]["bestLoss"] == uninterrupted["metrics"]["bestLoss"]
    other = tmp_path / "llama"
    other.mkdir()
    (other / "model.safetensors").write_bytes(weights_of(uninterrupted))
    for about, message in (
        ({"model_type": "llama"}, "describes a model of type llama: give a gpt2"),
        (None, r"config\.json is no JSON"),
    ):
        (other / "config.json").write_text("no" if about is None else json.dumps(about))
        with pytest.raises(FatalError, match=message):
            run(tmp_path / str(message), tokens, pretrained={"uri": f"{other}/"})
    longer = {**TINY["model"], "seqLen": 32}
    with pytest.raises(FatalError, match=r"model\.seqLen is 32; the pretrained model sees 16"):
        run(tmp_path / "longer", tokens, pretrained=pretrained, model=longer)


# Runs in a process of its own, as a limit of memory is a process's. Trains without a limit and with one.
WITHIN_MEMORY = """
import io, json, resource, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
import numpy as np
from job_context import make_context
from millrace_job.log import Log
from poem_model.device import choose_device
from poem_model.model import new_model
from poem_model.training import Training
settings = dict(steps=1, batchSize=512, learningRate=1e-3, warmupSteps=0, weightDecay=0.0, clipNorm=1.0,
                evaluateSteps=1, patience=1, checkpointSteps=1, seed=1)
folder, room = Path(sys.argv[1]), int(sys.argv[2])
device = choose_device(1)
shape = dict(seqLen=64, layers=1, heads=2, width=16, dropout=0.0)
tokens = np.random.default_rng(1).integers(0, 1000, 5000).astype(np.uint16)
def train(folder, **changes):
    context = make_context(folder, None)
    training = Training(new_model(shape, 1000, 0, 1), 64, tokens, {**settings, **changes}, device, context)
    done = training.run()
    return {"loss": done.done.looks[-1]["trainLoss"], "after": done.best["loss"],
            "atOnce": done.done.micro_batch, "log": context.log._stream.getvalue()}
free = train(folder / "free")
taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + room, taken + room))
print(json.dumps([free, train(folder / "limited")]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to such a limit")
def test_out_of_memory_takes_fewer_sequences_at_once_and_learns_the_same(tmp_path: Path) -> None:
    # Logits alone are 512 sequences x 64 tokens x 1,000 numbers x 4 bytes, 131 MB, and there are several of them.
    room = 200_000_000
    process = subprocess.run(
        [sys.executable, "-c", WITHIN_MEMORY, tmp_path, str(room), *sys.path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    free, limited = json.loads(process.stdout)
    assert free["atOnce"] == 512
    assert limited["atOnce"] < 512
    assert "out of memory: fewer sequences at once" in limited["log"]
    assert limited["loss"] == pytest.approx(free["loss"], rel=1e-6)
    assert limited["after"] == pytest.approx(free["after"], rel=1e-5)


def test_memory_for_not_even_one_sequence_is_said(tmp_path: Path, tokens: TokeniseOutput) -> None:
    class Full(torch.nn.Module):  # type: ignore[misc]
        """Asks for more memory than any machine has."""

        config = new_model(TINY["model"], 300, 0, 1).config

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, **_: object) -> object:
            return torch.empty(1 << 60)

    asked = train_input(tokens, **TINY)
    log = io.StringIO()
    context = make_context(tmp_path, asked)
    object.__setattr__(context, "log", Log(log, {}))
    training = Training(Full(), 16, np.zeros(500, dtype=np.uint16), jobs._settings(asked), choose_device(1), context)
    with pytest.raises(FatalError, match="not even one sequence of 16 tokens fits into memory"):
        training.run()
    assert [json.loads(line)["atOnce"] for line in log.getvalue().splitlines()] == [2, 1]


def test_no_other_error_passes_for_a_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("shapes differ"))
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
