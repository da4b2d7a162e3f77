"""The transformer: a GPT-2 from `transformers`, with random weights or those of a pretrained model."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, TypedDict

import torch
from transformers.models.gpt2.configuration_gpt2 import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2LMHeadModel
from transformers.utils.logging import disable_progress_bar

from millrace_job import FatalError

if TYPE_CHECKING:
    from pathlib import Path

    from millrace_job import Artifacts

# Otherwise reading and writing models would print progress bars into the log.
disable_progress_bar()

CONFIG, WEIGHTS, TOKENISER = "config.json", "model.safetensors", "tokenizer.json"


class Pretrained(TypedDict):
    """The URI prefix of a model's files."""

    uri: str


class Shape(TypedDict):
    """The shape of a model. A pretrained model has its own layers, heads and width."""

    seqLen: int
    layers: int
    heads: int
    width: int
    dropout: float


def new_model(shape: Shape, vocabulary_size: int, end: int, seed: int) -> Any:
    """A GPT-2 with random weights. `end` is the end-of-text token.

    Raises:
        FatalError: the width isn't a multiple of the number of heads.
    """
    if shape["width"] % shape["heads"] != 0:
        raise FatalError(f"model.width is {shape['width']}, no multiple of model.heads, {shape['heads']}: make it one")
    config = GPT2Config(
        vocab_size=vocabulary_size,
        n_positions=shape["seqLen"],
        n_embd=shape["width"],
        n_layer=shape["layers"],
        n_head=shape["heads"],
        bos_token_id=end,
        eos_token_id=end,
        **_dropout(shape),
    )
    torch.manual_seed(seed)
    return GPT2LMHeadModel(config)


def pretrained_model(folder: Path, shape: Shape, vocabulary_size: int) -> Any:
    """The GPT-2 in a folder, with the requested dropout.

    Raises:
        FatalError: it is another kind of model, has another tokeniser, or a shorter context than requested.
    """
    about = _config(folder / CONFIG)
    if about.get("model_type") != "gpt2":
        raise FatalError(f"pretrained: its {CONFIG} describes a model of type {about.get('model_type')}: give a gpt2")
    options = {"use_safetensors": True, "local_files_only": True, "dtype": torch.float32, **_dropout(shape)}
    model = GPT2LMHeadModel.from_pretrained(folder, **options)
    if model.config.vocab_size < vocabulary_size:
        raise FatalError(
            f"pretrained: the model knows {model.config.vocab_size} tokens, and the tokeniser has {vocabulary_size}: "
            "give the tokeniser that belongs to it"
        )
    if model.config.n_positions < shape["seqLen"]:
        raise FatalError(f"model.seqLen is {shape['seqLen']}; the pretrained model sees {model.config.n_positions}")
    return model


def load_model(folder: Path) -> Any:
    """The model in a folder that `model_folder.write_model` wrote."""
    return GPT2LMHeadModel.from_pretrained(folder, use_safetensors=True, local_files_only=True)


def fetch_pretrained(pretrained: Pretrained, names: tuple[str, ...], artifacts: Artifacts, folder: Path) -> None:
    """Downloads the files of a pretrained model into a folder. They keep their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(artifacts.fetch(f"{pretrained['uri']}{name}"), folder / name)


def parameter_count(model: Any) -> int:
    """The number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


def _dropout(shape: Shape) -> dict[str, float]:
    return dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), shape["dropout"])


def _config(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_bytes())
    except ValueError as error:
        raise FatalError(f"pretrained: its {CONFIG} is no JSON: {error}") from error
    return about if isinstance(about, dict) else {}
