"""Reports for people: tables, text, images and links, each stored as an artifact."""

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
        """Stores a text in Markdown."""
        return self._artifacts.write_text(f"report/{name}.md", text)

    def table(self, name: str, rows: Sequence[Mapping[str, object]]) -> Artifact:
        """Stores a table. Its columns are those of the rows, in order of first appearance."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        cells = [[row.get(column) for column in columns] for row in rows]
        # JSON has no NaN. The job's author should decide how the table shows a missing figure.
        text = json.dumps({"columns": columns, "rows": cells}, ensure_ascii=False, allow_nan=False)
        return self._artifacts.write_text(f"report/{name}.table.json", text, TABLE_TYPE)

    def image(self, name: str, path: Path) -> Artifact:
        """Stores a picture from a local file (PNG, JPEG or SVG) and keeps its ending."""
        return self._artifacts.write_file(f"report/{name}{path.suffix}", path)

    def link(self, name: str, url: str, title: str) -> Artifact:
        """Stores a link to another system."""
        text = json.dumps({"url": url, "title": title}, ensure_ascii=False)
        return self._artifacts.write_text(f"report/{name}.link.json", text, LINK_TYPE)
