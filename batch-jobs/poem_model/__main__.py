from millrace_job import run_family
from poem_model import jobs

run_family(jobs)
