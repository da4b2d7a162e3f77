from millrace_job import run_family
from probe import jobs

run_family(jobs)
