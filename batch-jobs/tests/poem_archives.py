"""Archives of poems for the tests, and the job that unpacks them, run in this process."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from data.poems.archive import write_archive

from job_context import make_context
from poems import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from poems.archive import Limits

# The contract's defaults.
LIMITS: Limits = {
    "maxArchiveBytes": 4_000_000_000,
    "maxFiles": 200_000,
    "maxFileBytes": 10_000_000,
    "maxTotalBytes": 4_000_000_000,
    "maxRatio": 100,
}


def generated(path: Path, files: int = 20, poison: str | None = None, seed: int = 1) -> Path:
    """A generated archive, with one danger in it if asked."""
    with path.open("wb") as file:
        for _ in write_archive(files, None, seed, poison, file.write):
            pass
    if poison == "truncated":
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) * 2 // 3])
    return path


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """An archive of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unzip(
    archive: Path,
    folder: Path,
    *,
    attempt: int = 1,
    within: str = "",
    on_report: Callable[[dict[str, object]], None] = lambda _: None,
    limits: Mapping[str, float] | None = None,
) -> Any:
    """The output of poems.unzip; the lake is `folder`/lake/test/."""
    asked: Any = {"archive": {"uri": str(archive)}, "folder": within, "limits": {**LIMITS, **(limits or {})}}
    return jobs.unzip(asked, make_context(folder, asked, attempt=attempt, on_report=on_report))


def lake_files(folder: Path) -> dict[str, bytes]:
    """Everything in the lakes under `folder`, by name."""
    top = folder / "lake" / "test"
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
