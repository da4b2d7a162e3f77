from millrace_job import run_family
from trial import jobs

run_family(jobs)
