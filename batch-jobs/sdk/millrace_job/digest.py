"""SHA-256 of the data that jobs read and write, as lower-case hex."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(body: bytes | Path) -> str:
    """SHA-256 (hex) of bytes or of a file's content, which is read in pieces."""
    if isinstance(body, Path):
        with body.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    return hashlib.sha256(body).hexdigest()
