"""The jobs of the line_count family.

Import large libraries where they are used: each job is a process of its own, and its start counts.
"""

from __future__ import annotations

from typing import TypedDict

from millrace_job import Artifact, Context, FatalError, job


class CountInput(TypedDict):
    text: Artifact


class CountOutput(TypedDict):
    lines: int
    words: int
    report: Artifact


@job("line_count.count")
def count(input: CountInput, context: Context) -> CountOutput:
    """Counts the lines of a text that are not empty, and the words of each."""
    try:
        text = context.artifacts.fetch(input["text"]).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FatalError(f"{input['text']['uri']} is no text in UTF-8: {error.reason}") from error
    words = [len(line.split()) for line in text.splitlines() if line.strip()]
    context.log.info("counted", lines=len(words), words=sum(words))
    rows = [{"line": place, "words": number} for place, number in enumerate(words, start=1)]
    return {"lines": len(words), "words": sum(words), "report": context.report.table("words", rows)}
