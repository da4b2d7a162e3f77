"""What a job says it used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from millrace_job.usage import OWN_CONTAINER, Usage

SDK = Path(__file__).parents[1] / "sdk"
MEGABYTE = 1_000_000


# In a process of its own: of this one an earlier test's child may have been larger.
CHILD_COUNTS = f"""
import subprocess, sys
from millrace_job.usage import Usage
before = Usage().peak_memory_bytes()
subprocess.run([sys.executable, "-c", "x = bytearray({200 * MEGABYTE})"], check=True)
print(Usage().peak_memory_bytes() - before)
"""


def test_a_child_process_counts() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK)}
    done = subprocess.run([sys.executable, "-c", CHILD_COUNTS], check=True, capture_output=True, text=True, env=env)
    assert int(done.stdout) > 150 * MEGABYTE


def test_cpu_time_counts_from_when_the_child_of_the_map_began() -> None:
    sum(range(3_000_000))
    usage = Usage()
    assert usage.read()["cpuSeconds"] < 0.05
    sum(range(10_000_000))
    assert usage.read()["cpuSeconds"] > 0.05


def test_the_jobs_own_container_is_asked_first(tmp_path: Path) -> None:
    (tmp_path / "memory.peak").write_text("123456789\n")
    (tmp_path / "cpu.stat").write_text("usage_usec 5000000\nuser_usec 4000000\n")
    usage = Usage(tmp_path)
    (tmp_path / "cpu.stat").write_text("usage_usec 7500000\nuser_usec 6000000\n")
    assert usage.read() == {"peakMemoryBytes": 123456789, "cpuSeconds": 2.5}


def test_the_older_cgroups_know_the_peak_too(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.max_usage_in_bytes").write_text("42\n")
    assert Usage(tmp_path).peak_memory_bytes() == 42


@pytest.mark.parametrize("text", ["max\n", ""])
def test_a_kernel_that_does_not_tell_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / "memory.peak").write_text(text)
    assert Usage(tmp_path).peak_memory_bytes() > MEGABYTE


def test_the_machines_cgroup_is_not_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OWN_CONTAINER, raising=False)
    assert Usage()._cgroup is None
    monkeypatch.setenv(OWN_CONTAINER, "http://169.254.170.2/v4/1")
    assert Usage()._cgroup is not None


PEAK_IS_FORGOTTEN = f"""
from millrace_job.usage import Usage
first = Usage()
data = bytearray({200 * MEGABYTE})
data = None
print(first.peak_memory_bytes(), Usage().peak_memory_bytes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process reset its peak")
def test_a_job_that_follows_another_in_its_process_has_a_peak_of_its_own() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK)}
    run = [sys.executable, "-c", PEAK_IS_FORGOTTEN]
    done = subprocess.run(run, check=True, capture_output=True, text=True, env=env)
    first, second = map(int, done.stdout.split())
    assert first > 200 * MEGABYTE
    assert second < 150 * MEGABYTE
