"""The jobs of poem-model. Modules that load slowly are imported where they are used."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from millrace_job import Artifact, Context, FatalError, job

if TYPE_CHECKING:
    from millrace_job.mlflow_model import Signature, StoredModel
    from poem_model.corpus import Poems
    from poem_model.device import Precision
    from poem_model.model import Pretrained, Shape
    from poem_model.tokens import Part
    from poem_model.training import Settings


class TokeniseInput(TypedDict):
    poems: Poems
    trainShare: float
    vocabularySize: int
    pretrained: Pretrained | None


class TokeniseOutput(TypedDict):
    tokeniser: Artifact
    vocabularySize: int
    train: Part
    validation: Part
    empty: int
    report: Artifact


class TrainInput(TypedDict):
    tokeniser: Artifact
    train: Part
    pretrained: Pretrained | None
    model: Shape
    steps: int
    batchSize: int
    learningRate: float
    warmupSteps: int
    weightDecay: float
    clipNorm: float
    evaluateSteps: int
    patience: int
    checkpointSteps: int
    precision: Literal["auto", "float32", "bfloat16"]
    threads: int
    seed: int


class Metrics(TypedDict):
    steps: int
    bestStep: int
    stoppedEarly: bool
    trainLoss: float
    bestLoss: float
    parameters: int
    tokens: int
    tokensPerSecond: float
    peakMemoryBytes: int
    microBatchSize: int
    seconds: float


class TrainOutput(TypedDict):
    model: StoredModel
    metrics: Metrics
    device: str
    precision: Precision
    signature: Signature
    curves: Artifact
    report: Artifact


class EvaluateInput(TypedDict):
    model: StoredModel
    train: Part
    validation: Part
    threads: int


class EvaluateOutput(TypedDict):
    tokens: int
    perplexity: float
    unigramPerplexity: float
    bitsPerByte: float
    unigramBitsPerByte: float
    report: Artifact


class SampleInput(TypedDict):
    model: StoredModel
    count: int
    prompt: str
    maxTokens: int
    temperature: float
    topK: int
    threads: int
    seed: int


class SampleOutput(TypedDict):
    poems: Artifact
    report: Artifact


@job("poem_model.tokenise")
def tokenise(input: TokeniseInput, context: Context) -> TokeniseOutput:
    """Reads the poems of one form, and encodes them as tokens by byte-pair encoding learnt from the training part."""
    _check_torch()
    from poem_model.corpus import read_poems
    from poem_model.tokens import learn_tokeniser, read_tokeniser, write_part

    read = list(read_poems(input["poems"], context))
    texts = [text for text in read if text]
    learnt = min(int(len(texts) * input["trainShare"]), len(texts) - 1)
    if learnt < 1:
        raise FatalError(
            f"there are {len(texts)} poems of the form {input['poems']['form']} with text in them: too few to split"
        )
    train, validation = texts[:learnt], texts[learnt:]
    pretrained = input["pretrained"]
    if pretrained is None:
        tokeniser = learn_tokeniser(train, input["vocabularySize"])
    else:
        uri = f"{pretrained['uri']}tokenizer.json"
        tokeniser = read_tokeniser(context.artifacts.fetch(uri).read_bytes(), uri)
    parts = {
        "train": write_part("train", train, tokeniser, context.artifacts),
        "validation": write_part("validation", validation, tokeniser, context.artifacts),
    }
    rows = [
        {
            "part": name,
            "poems": part["poems"],
            "tokens": part["tokenCount"],
            "bytes": part["bytes"],
            "bytesPerToken": round(part["bytes"] / part["tokenCount"], 3),
        }
        for name, part in parts.items()
    ]
    context.log.info("tokenised", vocabulary=tokeniser.get_vocab_size(), empty=len(read) - len(texts))
    return {
        "tokeniser": context.artifacts.write_text("tokenizer.json", tokeniser.to_str()),
        "vocabularySize": tokeniser.get_vocab_size(),
        "train": parts["train"],
        "validation": parts["validation"],
        "empty": len(read) - len(texts),
        "report": context.report.table("tokens", rows),
    }


@job("poem_model.train")
def train(input: TrainInput, context: Context) -> TrainOutput:
    """Trains a transformer on the training part, from random weights or from a pretrained model."""
    _check_torch()
    from poem_model.curves import draw_curves
    from poem_model.device import choose_device
    from poem_model.model import parameter_count
    from poem_model.model_folder import SIGNATURE, write_model
    from poem_model.tokens import read_part, read_tokeniser
    from poem_model.training import Training

    device = choose_device(input["threads"], input["precision"])
    tokens = read_part(input["train"], context.artifacts)
    stored_tokeniser = context.artifacts.fetch(input["tokeniser"]).read_bytes()
    tokeniser = read_tokeniser(stored_tokeniser, input["tokeniser"]["uri"])
    model = _model(input, tokeniser, context)
    seq_len = input["model"]["seqLen"]
    trained = Training(model, seq_len, tokens, _settings(input), device, context).run()
    done = trained.done
    metrics: Metrics = {
        "steps": done.step,
        "bestStep": done.best_step,
        "stoppedEarly": trained.stopped_early,
        "trainLoss": done.looks[-1]["trainLoss"],
        "bestLoss": trained.best["loss"],
        "parameters": parameter_count(model),
        "tokens": done.step * input["batchSize"] * seq_len,
        "tokensPerSecond": round(trained.tokens_per_second, 1),
        "peakMemoryBytes": device.peak_memory_bytes(),
        "microBatchSize": done.micro_batch,
        "seconds": round(trained.seconds, 3),
    }
    context.log.info("trained", device=device.name, precision=device.precision, **metrics)
    curves = context.scratch / "training.svg"
    draw_curves(done.looks, done.best_step, curves)
    return {
        "model": write_model(model, stored_tokeniser, context.artifacts, context.scratch),
        "metrics": metrics,
        "device": device.name,
        "precision": device.precision,
        "signature": SIGNATURE,
        "curves": context.report.image("training", curves),
        "report": context.report.table("training", done.looks),
    }


@job("poem_model.evaluate")
def evaluate(input: EvaluateInput, context: Context) -> EvaluateOutput:
    """Measures a model on the held-out part, and also a model that knows only token frequencies."""
    _check_torch()
    import torch

    from poem_model.device import choose_device
    from poem_model.evaluation import Score, unigram_loss
    from poem_model.model import load_model
    from poem_model.model_folder import fetch_model
    from poem_model.tokens import read_part
    from poem_model.training import mean_loss

    device = choose_device(input["threads"])
    model = load_model(fetch_model(input["model"], context.artifacts, context.scratch)).to(device.place)
    known, held_out = (read_part(part, context.artifacts) for part in (input["train"], input["validation"]))
    size = model.config.vocab_size
    if int(max(known.max(), held_out.max())) >= size:
        raise FatalError(
            f"the model knows {size} tokens, but the parts use more: give parts made with the model's tokeniser"
        )
    tokens = torch.from_numpy(held_out.astype("int32")).to(device.place)
    loss = mean_loss(model, tokens, model.config.n_positions, EVALUATED_AT_ONCE, device)
    predicted, text = len(held_out) - 1, input["validation"]["bytes"]
    score = Score(loss, predicted, text)
    unigram = Score(unigram_loss(known, held_out, size), predicted, text)
    rows = [
        {"model": name, "perplexity": each.perplexity, "bitsPerByte": each.bits_per_byte, "loss": each.loss}
        for name, each in (("this model", score), ("frequencies of tokens alone", unigram))
    ]
    context.log.info("evaluated", perplexity=score.perplexity, unigram=unigram.perplexity)
    return {
        "tokens": predicted,
        "perplexity": score.perplexity,
        "unigramPerplexity": unigram.perplexity,
        "bitsPerByte": score.bits_per_byte,
        "unigramBitsPerByte": unigram.bits_per_byte,
        "report": context.report.table("evaluation", rows),
    }


@job("poem_model.sample")
def sample(input: SampleInput, context: Context) -> SampleOutput:
    """Writes poems."""
    _check_torch()
    from poem_model.device import choose_device
    from poem_model.model import TOKENISER, load_model
    from poem_model.model_folder import fetch_model
    from poem_model.serving.poem_writer import PoemWriter
    from poem_model.tokens import read_tokeniser

    device = choose_device(input["threads"])
    folder = fetch_model(input["model"], context.artifacts, context.scratch)
    tokeniser = read_tokeniser((folder / TOKENISER).read_bytes(), TOKENISER)
    writer = PoemWriter(load_model(folder).to(device.place), tokeniser)
    try:
        poems = writer.write(
            input["prompt"],
            input["count"],
            max_tokens=input["maxTokens"],
            temperature=input["temperature"],
            top_k=input["topK"],
            seed=input["seed"],
        )
    except ValueError as error:
        raise FatalError(f"prompt: {error}: give a shorter one") from error
    context.log.info("written", poems=len(poems))
    return {
        "poems": context.artifacts.write_text("poems.json", json.dumps(poems, ensure_ascii=False, indent=2)),
        "report": context.report.markdown("poems", _page(poems)),
    }


# Number of sequences of the held-out part that the model evaluates together.
EVALUATED_AT_ONCE = 16


def _check_torch() -> None:
    """Raises FatalError if torch, which all of these jobs need, isn't installed. Images always have it."""
    if find_spec("torch") is None:
        raise FatalError("torch is not installed here: run `npm run setup -- --torch`, then retry the run")


def _model(input: TrainInput, tokeniser: Any, context: Context) -> Any:
    from poem_model.model import CONFIG, WEIGHTS, fetch_pretrained, new_model, pretrained_model
    from poem_model.tokens import END

    size, pretrained = tokeniser.get_vocab_size(), input["pretrained"]
    if pretrained is None:
        return new_model(input["model"], size, tokeniser.token_to_id(END), input["seed"])
    folder = context.scratch / "pretrained"
    fetch_pretrained(pretrained, (CONFIG, WEIGHTS), context.artifacts, folder)
    return pretrained_model(folder, input["model"], size)


def _settings(input: TrainInput) -> Settings:
    return {
        "steps": input["steps"],
        "batchSize": input["batchSize"],
        "learningRate": input["learningRate"],
        "warmupSteps": input["warmupSteps"],
        "weightDecay": input["weightDecay"],
        "clipNorm": input["clipNorm"],
        "evaluateSteps": input["evaluateSteps"],
        "patience": input["patience"],
        "checkpointSteps": input["checkpointSteps"],
        "seed": input["seed"],
    }


def _page(poems: list[str]) -> str:
    """The poems as Markdown. Each poem is indented, so that none of its text becomes markup."""
    return "\n\n".join(
        f"## {number}\n\n" + "\n".join(f"    {line}" for line in poem.splitlines())
        for number, poem in enumerate(poems, start=1)
    )
