"""The memory and CPU time that a job used. They help to choose the job's `resources`."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
# ECS sets this variable in every container that it starts, also for AWS Batch. Only there, the cgroup is the job's own.
OWN_CONTAINER = "ECS_CONTAINER_METADATA_URI_V4"


class Usage:
    """Measures from its creation on. The manifest and `_error.json` contain its figures."""

    def __init__(self, cgroup: Path | None = None) -> None:
        _forget_peak()
        self._cgroup = cgroup if cgroup is not None else (CGROUP if OWN_CONTAINER in os.environ else None)
        self._cpu_before = self._cpu_seconds()

    def read(self) -> dict[str, float]:
        """The figures so far: `peakMemoryBytes` and `cpuSeconds`."""
        return {
            "peakMemoryBytes": self.peak_memory_bytes(),
            "cpuSeconds": round(max(self._cpu_seconds() - self._cpu_before, 0), 3),
        }

    def peak_memory_bytes(self) -> int:
        """The maximum memory in use at one time, in bytes.

        In a container of the job's own, it is `memory.peak` of the container's cgroup (v2; v1:
        `memory.max_usage_in_bytes`), the figure that the memory limit applies to. It counts every process of the
        container. It also counts cached pages of files, which the kernel would free first.

        Elsewhere, or if the kernel doesn't report that, it is the maximum resident set of this process since this
        measurement began, plus that of its largest ended child (getrusage). Of children that ran at the same time, only
        the largest counts. Memory that a forked child shares with its parent counts twice.
        """
        peak = self._cgroup_number("memory.peak", "memory/memory.max_usage_in_bytes")
        if peak is not None:
            return peak
        whole = _own_peak() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        # Kilobytes on Linux, bytes on macOS (getrusage(2) of each).
        return whole if sys.platform == "darwin" else whole * 1024

    def _cpu_seconds(self) -> float:
        """CPU time of all processes of the job's own cgroup; without one, of this process and its ended children."""
        microseconds = self._cgroup_field("cpu.stat", "usage_usec")
        if microseconds is not None:
            return microseconds / 1e6
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in used)

    def _cgroup_number(self, *names: str) -> int | None:
        for name in names:
            text = self._cgroup_text(name)
            if text is not None and text.strip().isdigit():
                return int(text)
        return None

    def _cgroup_field(self, name: str, field: str) -> int | None:
        for line in (self._cgroup_text(name) or "").splitlines():
            key, _, value = line.partition(" ")
            if key == field and value.isdigit():
                return int(value)
        return None

    def _cgroup_text(self, name: str) -> str | None:
        if self._cgroup is None:
            return None
        try:
            return (self._cgroup / name).read_text()
        except OSError:
            return None


def _forget_peak() -> None:
    """Lets the peak of this process begin at what is in use now, because a process on Lambda runs many jobs.

    See proc_pid_clear_refs(5). Where that isn't possible, the peak is that of the process.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _own_peak() -> int:
    """The maximum resident set of this process, in getrusage's unit."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kilobytes = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return int(kilobytes) if kilobytes else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
