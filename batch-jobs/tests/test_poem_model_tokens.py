"""From the poems of a lake to tokens: which poems are read, in which order, and what the tokeniser learns from.

@needs torch
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_context import make_context
from millrace_job import FatalError
from poem_archives import unzip, zipped
from poem_lake import tokenised
from poem_model.tokens import END, encode, learn_tokeniser, read_part, read_tokeniser

if TYPE_CHECKING:
    from poem_model.jobs import TokeniseOutput
    from poem_model.tokens import Part


def lake_of(folder: Path, poems: dict[str, bytes], form: str = "ballad") -> dict[str, Any]:
    output = unzip(zipped(folder / "poems.zip", poems), folder / "unzip")
    manifest = json.loads(Path(output["manifest"]["uri"]).read_bytes())
    return {"lake": manifest["lake"], "catalogue": manifest["catalogue"], "form": form}


def ballads(*texts: str) -> dict[str, bytes]:
    return {f"ballad/{number:03d}.txt": text.encode() for number, text in enumerate(texts)}


def texts_of(part: Part, tokens: TokeniseOutput, folder: Path) -> list[str]:
    artifacts = make_context(folder, None).artifacts
    tokeniser = read_tokeniser(artifacts.fetch(tokens["tokeniser"]).read_bytes(), "tokenizer.json")
    whole = tokeniser.decode(read_part(part, artifacts).tolist(), skip_special_tokens=False)
    return [str(text) for text in whole.split(END)[1:-1]]


def test_poems_of_one_form_are_read_in_order_and_split_in_order(tmp_path: Path) -> None:
    texts = [f"poem number {number}" for number in range(10)]
    poems = {**ballads(*texts), "haiku/a.txt": b"autumn", "ode/b.txt": b"to an urn"}
    tokens = tokenised(tmp_path / "tokens", lake_of(tmp_path, poems))
    assert texts_of(tokens["train"], tokens, tmp_path / "a") == texts[:7]
    assert texts_of(tokens["validation"], tokens, tmp_path / "b") == texts[7:]
    assert (tokens["train"]["poems"], tokens["validation"]["poems"]) == (7, 3)
    assert tokens["train"]["bytes"] == sum(map(len, texts[:7]))


def test_an_empty_poem_is_left_out_and_ends_of_lines_are_made_one_kind(tmp_path: Path) -> None:
    tokens = tokenised(tmp_path / "tokens", lake_of(tmp_path, ballads("one\r\ntwo \r\n", " \n", "three\n", "four")))
    assert tokens["empty"] == 1
    assert texts_of(tokens["train"], tokens, tmp_path / "a") == ["one\ntwo", "three"]


def test_the_tokeniser_learns_from_the_training_part_alone(tmp_path: Path) -> None:
    poems = ballads(*["lily lily lily"] * 7, *["zephyr zephyr zephyr"] * 3)
    tokens = tokenised(tmp_path / "tokens", lake_of(tmp_path, poems))
    vocabulary = json.loads(Path(tokens["tokeniser"]["uri"]).read_bytes())["model"]["vocab"]
    assert "lily" in vocabulary
    assert not any("ze" in token for token in vocabulary if token != END)


def test_the_same_poems_give_the_same_bytes(tmp_path: Path) -> None:
    words = ("sea", "hill", "moon", "owl", "fox")
    poems = lake_of(tmp_path, ballads(*[f"the {word} of the {word}s" for word in words]))
    first, second = (tokenised(tmp_path / name, poems) for name in ("first", "second"))
    assert first["tokeniser"]["sha256"] == second["tokeniser"]["sha256"]
    assert first["train"]["tokens"]["sha256"] == second["train"]["tokens"]["sha256"]
    assert first["validation"]["tokens"]["sha256"] == second["validation"]["tokens"]["sha256"]


@given(st.text(max_size=40).map(lambda text: text + END))
def test_any_text_comes_back_the_same_and_none_ends_a_poem(text: str) -> None:
    tokeniser = learn_tokeniser(["some text to learn from"], 260)
    tokens = encode([text], tokeniser)
    assert tokens.dtype == np.uint16
    assert tokeniser.decode(tokens[1:-1].tolist(), skip_special_tokens=False) == text
    assert (tokens == tokeniser.token_to_id(END)).sum() == 2


def test_a_form_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    poems = lake_of(tmp_path, {"haiku/a.txt": b"a", "ode/b.txt": b"b"})
    with pytest.raises(FatalError, match="no poems of the form ballad; its forms are: haiku, ode"):
        tokenised(tmp_path / "tokens", poems)


def test_too_few_poems_to_split_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="1 poems of the form ballad"):
        tokenised(tmp_path / "tokens", lake_of(tmp_path, ballads("only one", " ")))


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_poem_that_is_not_what_the_catalogue_says_is_refused(tmp_path: Path, harm: str) -> None:
    poems = lake_of(tmp_path, ballads("one", "two", "three"))
    poem = Path(poems["lake"]) / "ballad" / "001.txt"
    if harm == "changed":
        poem.write_text("too")
    else:
        poem.unlink()
    with pytest.raises(FatalError, match=r"001\.txt.*start poem-datalake"):
        tokenised(tmp_path / "tokens", poems)


def test_the_tokeniser_of_another_model_is_taken_as_it_is(tmp_path: Path) -> None:
    given_tokeniser = learn_tokeniser(["nothing of a lily"], 270).to_str()
    (tmp_path / "tokenizer.json").write_text(given_tokeniser)
    poems = lake_of(tmp_path, ballads("lily", "lily", "rose"))
    tokens = tokenised(tmp_path / "tokens", poems, pretrained={"uri": f"{tmp_path}/"})
    assert Path(tokens["tokeniser"]["uri"]).read_text() == given_tokeniser
    assert texts_of(tokens["train"], tokens, tmp_path / "a") == ["lily", "lily"]


@pytest.mark.parametrize(
    ("content", "message"),
    [("{}", "is no tokenizer.json"), (learn_tokeniser([], 257).to_str().replace(END, "<end>"), "has no token")],
)
def test_a_tokeniser_of_another_kind_is_refused(content: str, message: str) -> None:
    with pytest.raises(FatalError, match=message):
        read_tokeniser(content.encode(), "s3://bucket/raw/tokenizer.json")
