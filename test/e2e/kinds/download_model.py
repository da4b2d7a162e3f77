"""Downloads the files of a registered version (JSON on stdin) as a job would: pinned, each checked by its SHA-256.

Prints path and SHA-256 of each file, as JSON, in the order given.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from millrace_job.artifact import Artifacts
from millrace_job.digest import sha256_of
from millrace_job.s3_storage import S3Storage, s3_client

version = json.load(sys.stdin)
folder = version["model"]["uri"]
with tempfile.TemporaryDirectory() as scratch:
    artifacts = Artifacts(S3Storage(s3_client()), "s3://nowhere/", Path(scratch))
    found = [[file["uri"].removeprefix(folder), sha256_of(artifacts.fetch(file))] for file in version["model"]["files"]]
json.dump(found, sys.stdout)
