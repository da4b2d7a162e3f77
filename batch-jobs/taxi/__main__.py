from millrace_job import run_family
from taxi import jobs

run_family(jobs)
