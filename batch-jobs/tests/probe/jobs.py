from __future__ import annotations

import sys
import time
import warnings
from typing import Any, TypedDict

from millrace_job import Artifact, Context, FatalError, RetryAfter, job


class EchoInput(TypedDict):
    text: str
    seconds: float


class EchoOutput(TypedDict):
    text: str
    file: Artifact


@job("probe.echo")
def echo(input: EchoInput, context: Context) -> EchoOutput:
    """Writes its text into a file."""
    context.progress(0.5, "half way")
    time.sleep(input["seconds"])
    return {"text": input["text"], "file": context.artifacts.write_text("echo.txt", input["text"])}


@job("probe.copy")
def copy(input: dict[str, Any], context: Context) -> dict[str, Any]:
    """Copies an artifact."""
    return {"copy": context.artifacts.write_file("copy.txt", context.artifacts.fetch(input["file"]))}


@job("probe.act")
def act(input: dict[str, Any], context: Context) -> dict[str, Any]:
    """Fails in the way that the input names."""
    match input["how"]:
        case "fatal":
            raise FatalError("the file is wrong: correct it")
        case "later":
            raise RetryAfter(90, "the service is busy")
        case "raise":
            raise ValueError("something broke")
        case "exit":
            sys.exit(0)
        case "bad output":
            return {"how": 1}
        case "nan":
            return {"how": "nan", "score": float("nan")}
        case "resume":
            if context.checkpoint.load_bytes() is None:
                context.checkpoint.save_bytes(b"half of the work")
                raise RuntimeError("interrupted half way")
        case "warn":
            warnings.warn("a library warns", stacklevel=1)
    return {"how": input["how"]}
