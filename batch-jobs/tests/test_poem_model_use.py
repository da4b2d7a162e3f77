"""A trained model: how well it predicts what was held out, what it writes, and that MLflow reads it.

@needs torch
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from job_context import make_context
from millrace_job import FatalError
from poem_lake import SMALL, make_lake, tokenised, train_input
from poem_model import jobs
from poem_model.device import choose_device
from poem_model.evaluation import Score, unigram_loss
from poem_model.model import load_model, new_model
from poem_model.model_folder import fetch_model
from poem_model.serving.poem_writer import END, PoemWriter
from poem_model.tokens import read_part, read_tokeniser
from poem_model.training import mean_loss

if TYPE_CHECKING:
    from poem_model.jobs import SampleOutput, TokeniseOutput, TrainOutput


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokeniseOutput:
    folder = tmp_path_factory.mktemp("poems")
    return tokenised(folder / "tokens", make_lake(folder))


@pytest.fixture(scope="module")
def trained(tokens: TokeniseOutput, tmp_path_factory: pytest.TempPathFactory) -> TrainOutput:
    asked = train_input(tokens)
    return jobs.train(asked, make_context(tmp_path_factory.mktemp("train"), asked))


def evaluated(folder: Path, tokens: TokeniseOutput, trained: TrainOutput, **changes: Any) -> Any:
    asked: Any = {
        "model": trained["model"],
        "train": tokens["train"],
        "validation": tokens["validation"],
        "threads": 1,
        **changes,
    }
    return jobs.evaluate(asked, make_context(folder, asked))


def sampled(folder: Path, trained: TrainOutput, **changes: Any) -> SampleOutput:
    asked: Any = {
        "model": trained["model"],
        "count": 10,
        "prompt": "",
        "maxTokens": 20,
        "temperature": 0.8,
        "topK": 50,
        "threads": 1,
        "seed": 42,
        **changes,
    }
    return jobs.sample(asked, make_context(folder, asked))


def poems_of(output: SampleOutput) -> list[str]:
    poems: list[str] = json.loads(Path(output["poems"]["uri"]).read_bytes())
    return poems


def test_generated_ballads_are_learnt(tmp_path: Path, tokens: TokeniseOutput, trained: TrainOutput) -> None:
    found = evaluated(tmp_path, tokens, trained)
    assert found["perplexity"] <= found["unigramPerplexity"] / 4
    assert found["bitsPerByte"] <= found["unigramBitsPerByte"] / 1.5
    assert found["tokens"] == tokens["validation"]["tokenCount"] - 1
    table = json.loads(Path(found["report"]["uri"]).read_bytes())
    assert table["rows"][0][1] == found["perplexity"]
    assert table["rows"][1][1] == found["unigramPerplexity"]


def test_training_reports_its_result(trained: TrainOutput) -> None:
    metrics = trained["metrics"]
    assert metrics["steps"] == SMALL["steps"]
    assert metrics["tokens"] == SMALL["steps"] * SMALL["batchSize"] * SMALL["model"]["seqLen"]
    assert metrics["microBatchSize"] == SMALL["batchSize"]
    assert metrics["tokensPerSecond"] > 0
    assert metrics["peakMemoryBytes"] > 1e8
    assert metrics["trainLoss"] < math.log(300)
    assert (trained["device"], trained["precision"]) == ("cpu", "float32") or torch.cuda.is_available()


def test_each_token_but_the_first_is_predicted_once() -> None:
    shape: Any = {"seqLen": 8, "layers": 1, "heads": 2, "width": 8, "dropout": 0.5}
    model, device = new_model(shape, 20, 0, 1), choose_device(1)
    model.to(device.place)
    text = torch.arange(21, device=device.place) % 20
    losses = []
    with torch.inference_mode():
        for begin in (0, 8, 16):
            window, following = text[begin : begin + 8][: 20 - begin], text[begin + 1 : begin + 9]
            logits = model.eval()(input_ids=window[None].long()).logits[0]
            losses += functional.cross_entropy(logits, following.long(), reduction="none").tolist()
    assert len(losses) == 20
    # In one piece, in pieces of windows, and with a window that is not whole.
    for batch in (1, 2, 16):
        assert mean_loss(model, text.int(), 8, batch, device) == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_unigram_model_knows_frequencies_alone() -> None:
    train, validation = np.array([1, 1, 1, 2], dtype=np.uint16), np.array([3, 1, 3], dtype=np.uint16)
    # Counts 0, 3, 1, 0, and one more of each: 1, 4, 2, 1 of 8. Asked for are 1 and 3.
    assert unigram_loss(train, validation, 4) == pytest.approx(-(math.log(4 / 8) + math.log(1 / 8)) / 2)


def test_perplexity_and_bits_follow_from_the_loss() -> None:
    score = Score(loss=math.log(16), tokens=100, bytes=200)
    assert score.perplexity == pytest.approx(16)
    assert score.bits_per_byte == pytest.approx(4 * 100 / 200)


def test_tokens_of_another_tokeniser_are_refused(tmp_path: Path, tokens: TokeniseOutput, trained: TrainOutput) -> None:
    content = np.array([1, 2, 3000], dtype=np.uint16)
    np.save(tmp_path / "other.npy", content)
    other = {
        **tokens["validation"],
        "tokens": {"uri": str(tmp_path / "other.npy"), "bytes": 1, "mediaType": "application/octet-stream"},
    }
    with pytest.raises(FatalError, match="the model knows 300 tokens, but the parts use more"):
        evaluated(tmp_path / "evaluate", tokens, trained, validation=other)
    np.save(tmp_path / "other.npy", content.astype(np.float64))
    with pytest.raises(FatalError, match="holds no row of 16-bit tokens"):
        evaluated(tmp_path / "again", tokens, trained, validation=other)


def test_ten_poems_are_written_and_shown(tmp_path: Path, trained: TrainOutput) -> None:
    output = sampled(tmp_path, trained)
    poems = poems_of(output)
    assert len(poems) == len(set(poems)) == 10
    page = Path(output["report"]["uri"]).read_text()
    assert re.findall(r"^## (\d+)$", page, flags=re.MULTILINE) == [str(number) for number in range(1, 11)]
    first = page.split("## 2")[0].splitlines()[2:]
    assert all(line.startswith("    ") for line in first if line.strip())
    assert "\n".join(line[4:] for line in first).strip() == "\n".join(poems[0].splitlines()).strip()


def test_a_seed_always_gives_the_same_poems_and_another_seed_different_ones(
    tmp_path: Path, trained: TrainOutput
) -> None:
    first, again, other = (
        poems_of(sampled(tmp_path / name, trained, count=3, seed=seed))
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first == again != other


def test_poems_begin_with_the_prompt_whatever_it_says(tmp_path: Path, trained: TrainOutput) -> None:
    prompt = "The moon <|endoftext|>"
    assert all(poem.startswith(prompt) for poem in poems_of(sampled(tmp_path, trained, count=2, prompt=prompt)))
    with pytest.raises(FatalError, match="the model sees 64: give a shorter one"):
        sampled(tmp_path / "long", trained, prompt="moon " * 200)


def test_a_model_that_ends_at_once_still_writes_something(trained: TrainOutput) -> None:
    folder = Path(trained["model"]["uri"]) / "data"
    tokeniser = read_tokeniser((folder / "tokenizer.json").read_bytes(), "tokenizer.json")
    end: int = tokeniser.token_to_id(END) or 0
    model = new_model(SMALL["model"], tokeniser.get_vocab_size(), end, 1)
    with torch.no_grad():
        model.transformer.ln_f.bias.fill_(1)
        model.transformer.wte.weight.zero_()
        model.transformer.wte.weight[end] = 10
    poems = PoemWriter(model, tokeniser).write("", 3, max_tokens=5, temperature=1, top_k=50, seed=1)
    assert len(poems) == 3
    assert all(poems)


def test_a_folder_of_another_model_is_refused(tmp_path: Path, trained: TrainOutput) -> None:
    files = [file for file in trained["model"]["files"] if not file["uri"].endswith("safetensors")]
    with pytest.raises(FatalError, match=r"has no data/model\.safetensors: give a model that poem_model\.train made"):
        fetch_model({**trained["model"], "files": files}, make_context(tmp_path, None).artifacts, tmp_path)


LOAD_WITH_MLFLOW = """
import json, sys
import mlflow.pyfunc
import pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps({
    "poems": model.predict(pd.DataFrame({"prompt": ["The moon", ""]}))["poem"].tolist(),
    "of_example": model.predict(model.input_example)["poem"].tolist(),
    "inputs": model.metadata.get_input_schema().input_names(),
    "knows_poem_model": "poem_model" in sys.modules,
}))
"""


def test_mlflow_loads_model_and_tokeniser_and_generates_the_same(
    tmp_path: Path, tokens: TokeniseOutput, trained: TrainOutput
) -> None:
    process = subprocess.run(
        [sys.executable, "-c", LOAD_WITH_MLFLOW, trained["model"]["uri"]],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)
    artifacts = make_context(tmp_path / "own", None).artifacts
    tokeniser = read_tokeniser(artifacts.fetch(tokens["tokeniser"]).read_bytes(), "tokenizer.json")
    writer = PoemWriter(load_model(fetch_model(trained["model"], artifacts, tmp_path)), tokeniser)
    own = [
        writer.write(prompt, 1, max_tokens=200, temperature=0.8, top_k=50, seed=42)[0] for prompt in ("The moon", "")
    ]
    assert found["poems"] == own
    assert found["of_example"][0].startswith("The")
    assert found["inputs"] == ["prompt"]
    assert not found["knows_poem_model"]


def test_the_part_that_was_held_out_is_not_learnt_from(tmp_path: Path, tokens: TokeniseOutput) -> None:
    # What train is given has no place for it; the parts have nothing in common but the tokeniser.
    assert "validation" not in train_input(tokens)
    artifacts = make_context(tmp_path, None).artifacts
    known, held_out = (read_part(tokens[name], artifacts) for name in ("train", "validation"))
    assert 0.65 < len(known) / (len(known) + len(held_out)) < 0.75


def test_the_model_is_stored_without_pickles(trained: TrainOutput) -> None:
    names = {file["uri"].rpartition("/")[2] for file in trained["model"]["files"]}
    assert {"MLmodel", "config.json", "model.safetensors", "tokenizer.json", "poem_writer.py"} <= names
    assert not any(name.endswith((".pkl", ".bin", ".pt", ".pth")) for name in names)


def test_without_torch_each_job_fails_for_good_and_says_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "find_spec", lambda _name: None)
    asked: Any = {}
    context = make_context(tmp_path, asked)
    for work in (jobs.tokenise, jobs.train, jobs.evaluate, jobs.sample):
        with pytest.raises(FatalError, match=r"npm run setup -- --torch"):
            work(asked, context)
