"""Trains a language model with AdamW, a cosine schedule, early stopping and checkpoints."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import torch
from torch.nn import functional

from millrace_job import FatalError
from poem_model.checkpoints import Checkpoints, Done, Look, State
from poem_model.device import is_out_of_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from millrace_job import Context
    from poem_model.device import Device

# Maximum number of tokens held out from the end of the training part, to decide when to stop. More tokens would take
# longer and hardly improve the decision.
KEPT_APART = 0.05
MAX_KEPT_APART = 65_536
# At the end of the schedule, the learning rate is this share of its maximum.
MIN_RATE = 0.1
BETAS = (0.9, 0.95)
REPORT_INTERVAL_SECONDS = 1.0


class Settings(TypedDict):
    """The settings of training. The contract explains each one."""

    steps: int
    batchSize: int
    learningRate: float
    warmupSteps: int
    weightDecay: float
    clipNorm: float
    evaluateSteps: int
    patience: int
    checkpointSteps: int
    seed: int


@dataclass(frozen=True)
class Trained:
    """The result of training. The model has the weights of the best evaluation. Seconds and speed are this try's."""

    done: Done
    best: Look
    stopped_early: bool
    seconds: float
    tokens_per_second: float


def learning_rate(step: int, settings: Settings) -> float:
    """The learning rate of a step, counted from 0. It rises linearly in the warm-up, then falls along half a cosine.

    The cosine: Loshchilov and Hutter, SGDR (2017), without restarts.
    """
    highest, warmup = settings["learningRate"], settings["warmupSteps"]
    if step < warmup:
        return highest * (step + 1) / warmup
    way = (step - warmup) / max(settings["steps"] - warmup, 1)
    return highest * (MIN_RATE + (1 - MIN_RATE) * (1 + math.cos(math.pi * way)) / 2)


def step_seed(seed: int, step: int) -> int:
    """The seed of a step. It follows from the step, so no random state has to be stored, and a step can be repeated."""
    # 32 bits, because torch's generator on the CPU uses no more.
    return int(np.random.SeedSequence((seed, step)).generate_state(1)[0])


class Training:
    """One training. It resumes from the last checkpoint. On a CPU, the bits are those of an uninterrupted training."""

    def __init__(
        self, model: Any, seq_len: int, tokens: NDArray[np.uint16], settings: Settings, device: Device, context: Context
    ) -> None:
        """Raises FatalError if the text is too short to learn from one part and hold out another."""
        kept_apart = min(max(int(len(tokens) * KEPT_APART), seq_len + 1), MAX_KEPT_APART)
        learnt = len(tokens) - kept_apart
        if learnt <= seq_len:
            raise FatalError(f"{len(tokens):,} tokens are too few for a model.seqLen of {seq_len}: give more poems")
        self._seq_len = seq_len
        self._settings = settings
        self._device = device
        self._context = context
        self._model = model.to(device.place)
        self._tokens = torch.from_numpy(tokens[:learnt].astype(np.int32)).to(device.place)
        self._apart = torch.from_numpy(tokens[learnt:].astype(np.int32)).to(device.place)
        self._optimizer = _optimizer(self._model, settings)

    def run(self) -> Trained:
        """Trains to the last step, or until the evaluations no longer improve.

        Raises:
            FatalError: not even one sequence fits into memory, the loss isn't a number, or another attempt took over.
        """
        state = State(self._model, self._optimizer, {}, Done(micro_batch=self._settings["batchSize"]))
        with Checkpoints(self._context, self._model.config.to_dict()) as checkpoints:
            done = checkpoints.load(state)
            state = state if done is None else State(self._model, self._optimizer, state.best, done)
            return self._run(state, checkpoints)

    def _run(self, state: State, checkpoints: Checkpoints) -> Trained:
        done, settings = state.done, self._settings
        pace = Pace(done.step, settings["steps"], settings["batchSize"] * self._seq_len, self._device, self._context)
        losses = torch.tensor(done.loss_sum, dtype=torch.float64, device=self._device.place)
        while done.step < settings["steps"] and done.worse_looks < settings["patience"]:
            losses += self._step(done)
            done.step += 1
            done.loss_steps += 1
            last = done.step == settings["steps"]
            if done.step % settings["evaluateSteps"] == 0 or last:
                self._look(state, float(losses), pace)
                losses.zero_()
            if done.step % settings["checkpointSteps"] == 0 and not last:
                done.loss_sum = float(losses)
                checkpoints.save(state)
            pace.report(done, losses)
        with torch.no_grad():
            for name, parameter in self._model.named_parameters():
                parameter.copy_(state.best[name])
        best = next(look for look in done.looks if look["step"] == done.best_step)
        stopped = done.step < settings["steps"]
        return Trained(done, best, stopped, pace.seconds, pace.tokens_per_second(done.step))

    def _step(self, done: Done) -> Any:
        """Learns from one batch, in pieces that fit into memory. Returns the batch's loss."""
        settings, step = self._settings, done.step
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(step, settings)
        inputs, targets = self._batch(step)
        while (loss := self._gradients(inputs, targets, done)) is None:
            self._halve(done)
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), settings["clipNorm"])
        self._optimizer.step()
        return loss

    def _batch(self, step: int) -> tuple[Any, Any]:
        """Sequences from random places, and the next token of each token. They depend only on seed and step."""
        draws = torch.Generator().manual_seed(step_seed(self._settings["seed"], step))
        places = torch.randint(len(self._tokens) - self._seq_len, (self._settings["batchSize"], 1), generator=draws)
        tokens = self._tokens[(places + torch.arange(self._seq_len + 1)).to(self._device.place)].long()
        return tokens[:, :-1], tokens[:, 1:]

    def _gradients(self, inputs: Any, targets: Any, done: Done) -> Any | None:
        """Computes the gradients of the whole batch, in pieces. Returns the batch's loss; None if memory ran out."""
        self._optimizer.zero_grad(set_to_none=True)
        self._model.train()
        # Dropout draws from torch's own generators.
        torch.manual_seed(step_seed(self._settings["seed"], done.step))
        total = torch.zeros((), dtype=torch.float64, device=self._device.place)
        try:
            pieces = zip(inputs.split(done.micro_batch), targets.split(done.micro_batch), strict=True)
            for some, following in pieces:
                loss = self._loss(some, following) * (len(some) / len(inputs))
                loss.backward()
                total += loss.detach()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None
        return total

    def _loss(self, inputs: Any, targets: Any) -> Any:
        with self._device.arithmetic():
            logits = self._model(input_ids=inputs, use_cache=False).logits
        return functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    def _halve(self, done: Done) -> None:
        """Halves the number of sequences in a piece. A step still learns from a whole batch."""
        if done.micro_batch == 1:
            raise FatalError(
                f"not even one sequence of {self._seq_len} tokens fits into memory: choose a smaller model.seqLen or "
                "model, or more memory for the job"
            )
        done.micro_batch = (done.micro_batch + 1) // 2
        self._optimizer.zero_grad(set_to_none=True)
        if self._device.place.type == "cuda":
            torch.cuda.empty_cache()
        self._context.log.warning(
            "out of memory: fewer sequences at once, and as many in a step as before",
            atOnce=done.micro_batch,
            inStep=self._settings["batchSize"],
        )

    def _look(self, state: State, loss_sum: float, pace: Pace) -> None:
        """Evaluates the model on the held-out text, and keeps its weights if they are the best so far."""
        done = state.done
        look: Look = {
            "step": done.step,
            "trainLoss": loss_sum / done.loss_steps,
            "loss": mean_loss(self._model, self._apart, self._seq_len, done.micro_batch, self._device),
            "learningRate": learning_rate(done.step - 1, self._settings),
            "tokensPerSecond": pace.tokens_per_second(done.step),
        }
        if not math.isfinite(look["loss"]):
            raise FatalError(f"the loss is {look['loss']} after {done.step} steps: choose a smaller learningRate")
        best = min((each["loss"] for each in done.looks), default=math.inf)
        done.looks.append(look)
        done.loss_sum, done.loss_steps = 0.0, 0
        done.worse_looks = 0 if look["loss"] < best else done.worse_looks + 1
        if look["loss"] < best:
            done.best_step = done.step
            state.best.update((name, each.detach().clone()) for name, each in self._model.named_parameters())
        self._context.log.info("looked", **look)


def mean_loss(model: Any, tokens: Any, seq_len: int, batch: int, device: Device) -> float:
    """Mean cross-entropy (nats per token) of all tokens except the first. Each token is predicted once, from the tokens
    before it in its window of `seq_len`.
    """
    model.eval()
    windows = (len(tokens) - 1) // seq_len
    whole = windows * seq_len
    inputs, targets = tokens[:-1].long(), tokens[1:].long()
    pieces = [
        *zip(
            inputs[:whole].view(windows, seq_len).split(batch),
            targets[:whole].view(windows, seq_len).split(batch),
            strict=True,
        ),
        (inputs[whole:].view(1, -1), targets[whole:].view(1, -1)),
    ]
    total = torch.zeros((), dtype=torch.float64, device=device.place)
    with torch.inference_mode():
        for some, following in pieces:
            if some.numel() > 0:
                with device.arithmetic():
                    logits = model(input_ids=some, use_cache=False).logits
                total += functional.cross_entropy(logits.flatten(0, 1).float(), following.flatten(), reduction="sum")
    return float(total) / len(targets)


def _optimizer(model: Any, settings: Settings) -> Any:
    """AdamW in one kernel. Only matrices get weight decay; biases and norms, which have one dimension, get none."""
    parameters = list(model.parameters())
    groups = [
        {"params": [each for each in parameters if each.dim() > 1], "weight_decay": settings["weightDecay"]},
        {"params": [each for each in parameters if each.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings["learningRate"], betas=BETAS, fused=True)


class Pace:
    """Reports the progress of training, its speed, and the time that is left."""

    def __init__(self, begun: int, steps: int, tokens_a_step: int, device: Device, context: Context) -> None:
        self._begun = begun
        self._steps = steps
        self._tokens_a_step = tokens_a_step
        self._device = device
        self._context = context
        self._started_at = time.monotonic()
        self._reported_at = -math.inf

    @property
    def seconds(self) -> float:
        """Seconds since the start of this try."""
        return time.monotonic() - self._started_at

    def tokens_per_second(self, step: int) -> float:
        """Tokens per second in this try."""
        return (step - self._begun) * self._tokens_a_step / max(self.seconds, 1e-9)

    def report(self, done: Done, losses: Any) -> None:
        """Reports progress, but not at every step, because reading a loss means waiting for the GPU."""
        if time.monotonic() - self._reported_at < REPORT_INTERVAL_SECONDS and done.step < self._steps:
            return
        self._reported_at = time.monotonic()
        loss = float(losses) / done.loss_steps if done.loss_steps else done.looks[-1]["trainLoss"]
        rate = self.tokens_per_second(done.step)
        left = math.ceil((self._steps - done.step) * self._tokens_a_step / rate)
        memory = self._device.peak_memory_bytes() / 1e6
        self._context.progress(
            done.step / self._steps,
            f"step {done.step:,} of {self._steps:,}, loss {loss:.4f}, {rate:,.0f} tokens/s, {memory:,.0f} MB, "
            f"{left:,} s left at most",
        )
