"""The state from which training resumes: weights, the optimiser's averages, and the progress.

It is saved as safetensors, which contain only numbers, so loading runs no code. A thread stores it while training goes
on.
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import safetensors
import safetensors.torch
import torch

from millrace_job import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from millrace_job import Context

# Part of a checkpoint. Training doesn't resume from a checkpoint with another number.
FORMAT = 1
ABOUT = "about"
MOMENTS = ("exp_avg", "exp_avg_sq")


class Look(TypedDict):
    """An evaluation at a step: the mean training loss since the last evaluation, and the loss on the held-out text."""

    step: int
    trainLoss: float
    loss: float
    learningRate: float
    tokensPerSecond: float


@dataclass
class Done:
    """Progress of training: steps, the sum and the number of losses since the last evaluation, and all evaluations."""

    step: int = 0
    micro_batch: int = 0
    loss_sum: float = 0.0
    loss_steps: int = 0
    best_step: int = 0
    worse_looks: int = 0
    looks: list[Look] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """Everything that changes during training. `best` has the weights of the best evaluation, by name."""

    model: Any
    optimizer: Any
    best: dict[str, Any]
    done: Done


class Checkpoints:
    """Saves and loads through the context's checkpoint. When it is closed, it waits for a save that is under way."""

    def __init__(self, context: Context, config: Mapping[str, object]) -> None:
        self._context = context
        self._about = {"format": FORMAT, "config": dict(config)}
        self._pool = ThreadPoolExecutor(1, "checkpoint")
        self._saving: Future[None] | None = None

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown()
        if kind is None:
            self._wait()

    def save(self, state: State) -> None:
        """Copies the state, and saves the copy in the background.

        Raises:
            FatalError: a later attempt has taken over.
        """
        self._wait()
        about = json.dumps({**self._about, "done": asdict(state.done)}).encode()
        tensors = {name: tensor.detach().to("cpu", copy=True) for name, tensor in _tensors(state).items()}
        tensors[ABOUT] = torch.from_numpy(np.frombuffer(about, dtype=np.uint8).copy())
        self._saving = self._pool.submit(self._put, state.done.step, tensors)

    def load(self, state: State) -> Done | None:
        """Restores model, optimiser and best weights from the last checkpoint. Returns its progress, or None."""
        content = self._context.checkpoint.load_bytes(self._usable)
        if content is None:
            return None
        tensors = safetensors.torch.load(content)
        done = json.loads(tensors.pop(ABOUT).numpy().tobytes())["done"]
        _put_back(state, tensors, done["step"])
        self._context.log.info("going on after a checkpoint", step=done["step"])
        return Done(**done)

    def _wait(self) -> None:
        saving, self._saving = self._saving, None
        if saving is not None:
            saving.result()

    def _put(self, step: int, tensors: dict[str, Any]) -> None:
        """Stores a checkpoint. If storage fails, that is logged, and training goes on."""
        try:
            self._context.checkpoint.save_bytes(safetensors.torch.save(tensors))
        except StorageError as error:
            self._context.log.warning("no checkpoint could be saved", step=step, reason=str(error))
        else:
            self._context.log.info("checkpoint saved", step=step)

    def _usable(self, content: bytes) -> bool:
        try:
            about = json.loads(safetensors.torch.load(content)[ABOUT].numpy().tobytes())
        except (safetensors.SafetensorError, KeyError, ValueError):
            return False
        known: dict[str, object] = json.loads(json.dumps(self._about))
        return known == {name: about.get(name) for name in known}


def _tensors(state: State) -> dict[str, Any]:
    """The tensors by name. A weight that the model uses in two places appears once."""
    tensors = {f"best.{name}": tensor for name, tensor in state.best.items()}
    for name, parameter in state.model.named_parameters():
        tensors[f"weight.{name}"] = parameter
        for moment in MOMENTS:
            tensors[f"{moment}.{name}"] = state.optimizer.state[parameter][moment]
    return tensors


def _put_back(state: State, tensors: Mapping[str, Any], step: int) -> None:
    names = {parameter: name for name, parameter in state.model.named_parameters()}
    with torch.no_grad():
        for parameter, name in names.items():
            parameter.copy_(tensors[f"weight.{name}"])
    ordered = [parameter for group in state.optimizer.param_groups for parameter in group["params"]]
    moments = {
        number: {"step": torch.tensor(float(step)), **{each: tensors[f"{each}.{names[parameter]}"] for each in MOMENTS}}
        for number, parameter in enumerate(ordered)
    }
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": moments})
    for name, tensor in tensors.items():
        if name.startswith("best."):
            state.best[name.removeprefix("best.")] = tensor
