"""Byte-pair encoding of poems, and files of tokens."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from millrace_job import FatalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from millrace_job import Artifact, Artifacts

# The token before each poem and at the end of the text. The name is GPT-2's.
END = "<|endoftext|>"
TOKEN = np.dtype("<u2")


class Part(TypedDict):
    """A part of the poems, as in the contract."""

    tokens: Artifact
    poems: int
    tokenCount: int
    bytes: int


def learn_tokeniser(texts: Sequence[str], vocabulary_size: int) -> Tokenizer:
    """Learns a byte-level encoding of at most `vocabulary_size` tokens. It can encode any text without loss."""
    tokeniser = Tokenizer(models.BPE())
    tokeniser.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokeniser.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokeniser.train_from_iterator(texts, trainer)
    return tokeniser


def read_tokeniser(data: bytes, name: str) -> Tokenizer:
    """A tokeniser from its JSON. Errors call it `name`.

    Raises:
        FatalError: it isn't a tokeniser, has no end-of-text token, or has more tokens than 16 bits can number.
    """
    try:
        tokeniser = Tokenizer.from_buffer(data)
    except ValueError as error:
        raise FatalError(f"{name} is no tokenizer.json that can be read: {error}") from error
    if tokeniser.token_to_id(END) is None:
        raise FatalError(f"{name} has no token {END}: give a tokeniser of GPT-2's kind")
    most = np.iinfo(TOKEN).max + 1
    if tokeniser.get_vocab_size() > most:
        raise FatalError(f"{name} has {tokeniser.get_vocab_size():,} tokens: the most is {most:,}")
    return tokeniser


def encode(texts: Sequence[str], tokeniser: Tokenizer) -> NDArray[np.uint16]:
    """The tokens of the texts, with an end-of-text token before each text and at the end."""
    # A poem that contains the text <|endoftext|> doesn't end there.
    tokeniser.encode_special_tokens = True
    end = np.array([tokeniser.token_to_id(END)], dtype=TOKEN)
    pieces = [end]
    for encoding in tokeniser.encode_batch_fast(list(texts)):
        pieces += [np.array(encoding.ids, dtype=TOKEN), end]
    return np.concatenate(pieces)


def write_part(name: str, texts: Sequence[str], tokeniser: Tokenizer, artifacts: Artifacts) -> Part:
    """Stores a part of the poems as the artifact `{name}.npy`."""
    tokens = encode(texts, tokeniser)
    content = io.BytesIO()
    np.save(content, tokens)
    return {
        "tokens": artifacts.write_bytes(f"{name}.npy", content.getvalue()),
        "poems": len(texts),
        "tokenCount": len(tokens),
        "bytes": sum(len(text.encode()) for text in texts),
    }


def read_part(part: Part, artifacts: Artifacts) -> NDArray[np.uint16]:
    """The tokens of a part, checked by their SHA-256.

    Raises:
        FatalError: the file has other content.
    """
    # Without pickle, so loading the file runs no code.
    tokens: NDArray[np.uint16] = np.load(artifacts.fetch(part["tokens"]), allow_pickle=False)
    if tokens.dtype != TOKEN or tokens.ndim != 1:
        raise FatalError(f"{part['tokens']['uri']} holds no row of 16-bit tokens: give what poem_model.tokenise made")
    return tokens
