from millrace_job import run_family
from sim import jobs

run_family(jobs)
