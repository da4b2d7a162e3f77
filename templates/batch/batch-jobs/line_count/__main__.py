from line_count import jobs
from millrace_job import run_family

run_family(jobs)
