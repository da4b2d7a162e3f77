from ctr import jobs, validation
from millrace_job import run_family

run_family(jobs, validation)
