"""Loads this model for `mlflow.pyfunc.load_model`. It is part of the model and needs none of the training code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer
from transformers.models.gpt2.modeling_gpt2 import GPT2LMHeadModel

if TYPE_CHECKING:
    import pandas as pd

END = "<|endoftext|>"
# Number of poems that are written at once.
BATCH = 25


class PoemWriter:
    """A language model of poems, with its tokeniser."""

    def __init__(self, model: Any, tokeniser: Tokenizer) -> None:
        self._model = model.eval()
        self._tokeniser = tokeniser
        # A prompt is always text, even if it contains the name of a special token.
        self._tokeniser.encode_special_tokens = True
        self._end = tokeniser.token_to_id(END)

    def write(
        self, prompt: str, count: int, *, max_tokens: int, temperature: float, top_k: int, seed: int
    ) -> list[str]:
        """`count` poems that begin with the prompt. On one machine, the same seed gives the same poems.

        A poem ends at the model's end token, after `max_tokens`, or when the model's context is full.

        Raises:
            ValueError: the prompt is longer than the model's context.
        """
        begin = [self._end, *self._tokeniser.encode(prompt).ids]
        room = self._model.config.n_positions - len(begin)
        if room < 1:
            raise ValueError(f"the prompt has {len(begin)} tokens; the model sees {self._model.config.n_positions}")
        poems: list[str] = []
        place = self._model.device
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(seed)
            while len(poems) < count:
                asked = torch.tensor([begin] * min(BATCH, count - len(poems)), device=place)
                written = self._model.generate(
                    asked,
                    attention_mask=torch.ones_like(asked),
                    do_sample=True,
                    temperature=temperature,
                    top_k=min(top_k, self._tokeniser.get_vocab_size()),
                    # A model may end a poem before its first token.
                    min_new_tokens=1,
                    max_new_tokens=min(max_tokens, room),
                    pad_token_id=self._end,
                    eos_token_id=self._end,
                )
                poems += self._tokeniser.decode_batch(written.tolist(), skip_special_tokens=True)
        return poems

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """A poem for each `prompt`, which may be empty."""
        import pandas as pd

        settings: dict[str, Any] = {"max_tokens": 200, "temperature": 0.8, "top_k": 50, "seed": 42}
        poems = [self.write(prompt, 1, **settings)[0] for prompt in model_input["prompt"]]
        return pd.DataFrame({"poem": poems}, index=model_input.index)


def _load_pyfunc(data_path: str) -> PoemWriter:
    """MLflow calls this with the path of the model's folder `data`."""
    folder = Path(data_path)
    model = GPT2LMHeadModel.from_pretrained(folder, use_safetensors=True, local_files_only=True)
    return PoemWriter(model, Tokenizer.from_file(str(folder / "tokenizer.json")))
