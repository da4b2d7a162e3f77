"""What a job shows to people: tables, text, images and links, stored as artifacts that the console can draw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from millrace_job.artifact import Artifact, Artifacts

TABLE_TYPE = "application/vnd.millrace.table+json"
LINK_TYPE = "application/vnd.millrace.link+json"


class Report:
    """Each method stores one artifact under `report/` and returns it."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    def markdown(self, name: str, text: str) -> Artifact:
        """Text as Markdown."""
        return self._artifacts.write_text(f"report/{name}.md", text)

    def table(self, name: str, rows: Sequence[Mapping[str, object]]) -> Artifact:
        """Rows of a table; the columns are those of the rows, in order of first appearance."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [[row.get(column) for column in columns] for row in rows]
        # NaN is no JSON, and a figure that is missing is worth a word from whoever made the table.
        text = json.dumps({"columns": columns, "rows": cells}, ensure_ascii=False, allow_nan=False)
        return self._artifacts.write_text(f"report/{name}.table.json", text, TABLE_TYPE)

    def image(self, name: str, path: Path) -> Artifact:
        """A picture from a local file (PNG, JPEG or SVG), whose ending it keeps."""
        return self._artifacts.write_file(f"report/{name}{path.suffix}", path)

    def link(self, name: str, url: str, title: str) -> Artifact:
        """A link to another system."""
        text = json.dumps({"url": url, "title": title}, ensure_ascii=False)
        return self._artifacts.write_text(f"report/{name}.link.json", text, LINK_TYPE)
