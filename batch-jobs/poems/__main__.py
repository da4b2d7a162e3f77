"""The poems family: poems from zips, in a data lake by their form."""

from millrace_job import run_family
from poems import jobs

run_family(jobs)
