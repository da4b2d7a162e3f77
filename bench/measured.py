"""Runs a command, and says what it took: `measured.py COMMAND …` prints one JSON object, with its standard output."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

started = time.perf_counter()
run = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=False)  # noqa: S603 - the bench's own
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
# Kilobytes on Linux, bytes on macOS (getrusage(2) of each); of several processes the largest.
peak = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
if run.returncode != 0:
    sys.exit(run.stderr)
taken = {"seconds": seconds, "cpuSeconds": used.ru_utime + used.ru_stime, "peakBytes": peak}
sys.stdout.write(json.dumps({**taken, "output": run.stdout}))
