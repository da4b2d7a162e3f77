from millrace_job import run_family
from ridge import jobs

run_family(jobs)
