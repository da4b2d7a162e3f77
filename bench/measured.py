"""`measured.py COMMAND …` runs a command, and prints its time, memory and standard output as one JSON object."""

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
# getrusage(2) gives kilobytes on Linux and bytes on macOS. Of several processes, the largest counts.
peak = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
if run.returncode != 0:
    sys.exit(run.stderr)
taken = {"seconds": seconds, "cpuSeconds": used.ru_utime + used.ru_stime, "peakBytes": peak}
sys.stdout.write(json.dumps({**taken, "output": run.stdout}))
