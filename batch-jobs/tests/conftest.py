"""A real S3 (MiniStack on a free loopback port) and the means to run a job as Batch would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import settings

from millrace_job.s3_storage import S3Storage, s3_client
from millrace_job.uri_storage import UriStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes is the machine's affair: others use it too.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

ROOT = Path(__file__).parent.parent
# Only a hang takes this long, however busy the machine is. The same is true of a job's time.
START_SECONDS = 300
JOB_SECONDS = 300


@dataclass(frozen=True)
class Bucket:
    """A versioned bucket, and the environment in which a process finds it."""

    name: str
    env: dict[str, str]

    @property
    def uri(self) -> str:
        return f"s3://{self.name}/"


@pytest.fixture(scope="session")
def aws_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of a MiniStack that lives as long as the tests."""
    folder = tmp_path_factory.mktemp("ministack")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    settings = {
        "PATH": os.environ["PATH"],
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack.app"], env=settings, cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_until_healthy(endpoint, server, folder / "log")
        yield {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_healthy(endpoint: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail(f"MiniStack did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def s3(aws_env: dict[str, str]) -> Iterator[S3Storage]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws_env.items():
            environment.setenv(name, value)
        yield S3Storage(s3_client())


@pytest.fixture
def bucket(s3: S3Storage, aws_env: dict[str, str]) -> Bucket:
    name = f"test-{uuid4().hex[:12]}"
    s3._client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3._client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(name, aws_env)


STORAGE = UriStorage()
"""Storage for the tests' own looks: one, as a client takes a while to create."""


@dataclass
class Step:
    """A step as the engine submits it: inputs in storage, and the environment of the job."""

    prefix: str
    job: str
    env: dict[str, str]

    def put_inputs(self, inputs: dict[int, Any]) -> None:
        body = json.dumps({"inputs": {str(index): value for index, value in inputs.items()}}).encode()
        STORAGE.put(f"{self.prefix}_inputs/1.1/0.json", body, media_type="application/json")

    def environment(self, **changes: str) -> dict[str, str]:
        return {
            **self.env,
            "MILLRACE_PIPELINE": "test-pipeline",
            "MILLRACE_RUN_ID": "run-1",
            "MILLRACE_STEP": "a_step",
            "MILLRACE_JOB": self.job,
            "MILLRACE_EPOCH": "1",
            "MILLRACE_ATTEMPT": "1",
            "MILLRACE_INDICES": "0",
            "MILLRACE_INPUT": f"{self.prefix}_inputs/1.1/{{shard}}.json",
            "MILLRACE_OUTPUT": self.prefix,
            "AWS_BATCH_JOB_ID": "job-a",
            "AWS_BATCH_JOB_ATTEMPT": "1",
            **changes,
        }

    def start(self, **changes: str) -> subprocess.Popen[str]:
        """Starts the job as a process, as Batch does."""
        family, _, name = self.job.partition(".")
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": "sdk:tests", **self.environment(**changes)}
        return subprocess.Popen(
            [sys.executable, "-m", family, name],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, **changes: str) -> tuple[int, list[dict[str, Any]]]:
        """Exit code and log lines."""
        process = self.start(**changes)
        output, _ = process.communicate(timeout=JOB_SECONDS)
        return process.returncode, [json.loads(line) for line in output.splitlines()]

    def read(self, name: str) -> Any:
        """A JSON object under the step's prefix, such as `0/1.1/_manifest.json`; None when it isn't there."""
        from millrace_job import ObjectNotFound

        try:
            return json.loads(STORAGE.read(f"{self.prefix}{name}")[0])
        except ObjectNotFound:
            return None
