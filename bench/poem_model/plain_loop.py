"""A plain training loop, `INPUT OUT`: a tutorial's way to a GPT-2 from scratch, with the input of `poem_model.train`.

It keeps no best weights, saves no checkpoint, and isn't interrupted. Only its seeds differ from a tutorial's: each step
has its own seed, the same as in Millrace. So both learn from the same sequences, and their losses can be compared.
"""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel

# As in Millrace: the part of the text that is held out, and the last learning rate as a share of the highest.
KEPT_APART = 0.05
MIN_RATE = 0.1


def new_model(asked: dict[str, Any]) -> Any:
    """A GPT-2 with random weights."""
    tokeniser = Tokenizer.from_file(asked["tokeniser"]["uri"])
    shape, end = asked["model"], tokeniser.token_to_id("<|endoftext|>")
    torch.manual_seed(asked["seed"])
    config = GPT2Config(
        vocab_size=tokeniser.get_vocab_size(),
        n_positions=shape["seqLen"],
        n_embd=shape["width"],
        n_layer=shape["layers"],
        n_head=shape["heads"],
        resid_pdrop=shape["dropout"],
        embd_pdrop=shape["dropout"],
        attn_pdrop=shape["dropout"],
        bos_token_id=end,
        eos_token_id=end,
    )
    return GPT2LMHeadModel(config)


def loss_of(model: Any, inputs: Any, targets: Any, reduction: str = "mean") -> Any:
    """Cross-entropy of what follows each token."""
    logits = model(inputs).logits
    return functional.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1), reduction=reduction)


@torch.no_grad()
def loss_kept_apart(model: Any, tokens: Any, seq_len: int, batch: int) -> float:
    """Mean loss of each token but the first."""
    model.eval()
    starts = range(0, len(tokens) - 1, seq_len)
    windows = [tokens[start : start + seq_len + 1] for start in starts]
    whole = [each for each in windows if len(each) == seq_len + 1]
    pieces = [torch.stack(whole[at : at + batch]) for at in range(0, len(whole), batch)]
    pieces += [each.unsqueeze(0) for each in windows if len(each) < seq_len + 1]
    total = sum(float(loss_of(model, each[:, :-1], each[:, 1:], "sum")) for each in pieces)
    return total / (len(tokens) - 1)


def main(path: str, out: str) -> None:
    """Trains, saves the model, and prints losses and speed."""
    asked = json.loads(Path(path).read_text())
    steps, batch, seq_len = asked["steps"], asked["batchSize"], asked["model"]["seqLen"]
    torch.set_num_threads(asked["threads"])
    model = new_model(asked)
    tokens = torch.from_numpy(np.load(asked["train"]["tokens"]["uri"]).astype(np.int64))
    cut = len(tokens) - max(int(len(tokens) * KEPT_APART), seq_len + 1)
    text, apart = tokens[:cut], tokens[cut:]

    decay = [each for each in model.parameters() if each.dim() > 1]
    others = [each for each in model.parameters() if each.dim() <= 1]
    groups = [{"params": decay, "weight_decay": asked["weightDecay"]}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=asked["learningRate"], betas=(0.9, 0.95))

    def rate(step: int) -> float:
        warmup = asked["warmupSteps"]
        if step < warmup:
            return (step + 1) / warmup
        way = (step - warmup) / max(steps - warmup, 1)
        return MIN_RATE + (1 - MIN_RATE) * (1 + math.cos(math.pi * way)) / 2

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)

    started, worked = time.perf_counter(), time.process_time()
    model.train()
    losses = []
    for step in range(steps):
        seed = int(np.random.SeedSequence((asked["seed"], step)).generate_state(1)[0])
        starts = torch.randint(len(text) - seq_len, (batch,), generator=torch.Generator().manual_seed(seed))
        inputs = torch.stack([text[start : start + seq_len] for start in starts])
        targets = torch.stack([text[start + 1 : start + seq_len + 1] for start in starts])
        torch.manual_seed(seed)
        loss = loss_of(model, inputs, targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), asked["clipNorm"])
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    loss_apart = loss_kept_apart(model, apart, seq_len, batch)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - worked

    model.save_pretrained(out)
    said = {
        "tokensPerSecond": steps * batch * seq_len / seconds,
        "trainingCpuSeconds": cpu_seconds,
        "trainLoss": sum(losses) / len(losses),
        "bestLoss": loss_apart,
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:3])
