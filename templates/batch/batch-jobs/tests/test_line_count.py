"""What the jobs of the line_count family make of a text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from line_count.jobs import count

from job_context import make_context
from millrace_job import FatalError


def test_counts_the_words_of_each_line_that_is_not_empty(tmp_path: Path) -> None:
    context = make_context(tmp_path, None)
    counted = count({"text": context.artifacts.write_text("text.txt", "a b\n\n c\n")}, context)
    assert (counted["lines"], counted["words"]) == (2, 3)
    report = json.loads(context.artifacts.fetch(counted["report"]).read_text())
    assert report == {"columns": ["line", "words"], "rows": [[1, 2], [2, 1]]}


def test_a_file_that_isnt_text_is_refused_for_good(tmp_path: Path) -> None:
    context = make_context(tmp_path, None)
    with pytest.raises(FatalError, match="is no text in UTF-8"):
        count({"text": context.artifacts.write_bytes("text.txt", b"\xff\xfe")}, context)
