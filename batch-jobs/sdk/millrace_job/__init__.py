"""The SDK of Millrace's Batch jobs: a decorated function, its input, and a context."""

from millrace_job.artifact import Artifact, Artifacts, ObjectReference, base_name
from millrace_job.command import run_family
from millrace_job.context import Context
from millrace_job.errors import ContractError, FatalError, RetryAfter
from millrace_job.job import Job, job
from millrace_job.lake import Lake
from millrace_job.storage import ObjectForbidden, ObjectNotFound, StorageError

__all__ = [
    "Artifact",
    "Artifacts",
    "Context",
    "ContractError",
    "FatalError",
    "Job",
    "Lake",
    "ObjectForbidden",
    "ObjectNotFound",
    "ObjectReference",
    "RetryAfter",
    "StorageError",
    "base_name",
    "job",
    "run_family",
]
