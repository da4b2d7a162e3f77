"""The command line of a job family: `python -m ridge train`."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from millrace_job.assignment import read_assignment
from millrace_job.errors import ContractError, Terminated
from millrace_job.job import Job
from millrace_job.log import Log, forward_library_logs
from millrace_job.runner import EXIT_CONTRACT, EXIT_DONE, EXIT_RAISED, Runner, describe_error, report_failure
from millrace_job.uri_storage import UriStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType, ModuleType

    from millrace_job.assignment import Assignment
    from millrace_job.storage import ObjectStorage

EXIT_TERMINATED = 128 + signal.SIGTERM

_is_loading: ContextVar[bool] = ContextVar("is_loading", default=False)


def run_family(*modules: ModuleType) -> NoReturn:
    """Runs the job that the command line names, and exits with its code. `modules` define the family's jobs.

    A family's `__main__.py` calls it. A Batch job gets its input and output from the environment; from a shell, they
    are given by `--input` and `--output`. On Lambda, it only says which jobs there are.
    """
    jobs = {item.name: item for module in modules for item in vars(module).values() if isinstance(item, Job)}
    family = Family(modules[0].__name__.partition(".")[0], jobs)
    if _is_loading.get():
        raise FamilyLoaded(family)
    signal.signal(signal.SIGTERM, _terminate)
    options = parse(family, sys.argv[1:])
    log = job_log(os.environ, text=options.in_shell or "MILLRACE_RUN_ID" not in os.environ)
    forward_library_logs(log)
    code = run(family, options, os.environ, log)
    # From here on, the result is committed, and a SIGTERM must not turn it into a failure.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdout.flush()
    sys.exit(code)


@dataclass(frozen=True)
class Family:
    """A folder of jobs: its name, and its jobs by name."""

    name: str
    jobs: Mapping[str, Job[Any, Any]]

    def find(self, name: str) -> Job[Any, Any]:
        """The job with that name. Raises ContractError if there is none."""
        if name in self.jobs:
            return self.jobs[name]
        close = difflib.get_close_matches(name, self.jobs, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ContractError(f"{self.name} has no job {name}.{hint} Its jobs are: {', '.join(self.jobs)}")


class FamilyLoaded(BaseException):
    """Ends a `__main__.py` that was only asked for its jobs.

    It isn't an `Exception`, so that no code there catches it.
    """

    def __init__(self, family: Family) -> None:
        super().__init__(family.name)
        self.family = family


@contextmanager
def loading() -> Iterator[None]:
    """While this lasts, `run_family` runs nothing and raises `FamilyLoaded`."""
    before = _is_loading.set(True)
    try:
        yield
    finally:
        _is_loading.reset(before)


class Options(argparse.Namespace):
    """The command line."""

    job: str | None
    input: Path | None
    output: Path | None
    help_text: str

    @property
    def in_shell(self) -> bool:
        """Whether a person runs the job on local files."""
        return self.input is not None or self.output is not None


def parse(family: Family, arguments: Sequence[str]) -> Options:
    """The options of a command line. If they are wrong, argparse ends the process with code 2."""
    parser = _parser(family)
    return parser.parse_args(arguments, Options(help_text=parser.format_help()))


def run(family: Family, options: Options, env: Mapping[str, str], log: Log) -> int:
    """Runs the job and returns the exit code."""
    try:
        if options.job is None:
            sys.stdout.write(options.help_text)
            return EXIT_DONE
        if options.in_shell:
            return _in_shell(family, options.job, options, log)
        return _in_batch(family, options.job, env, log)
    except Terminated:
        log.error("ended by SIGTERM: cancelled, timed out, or a Spot interruption")
        return EXIT_TERMINATED
    except ContractError as error:
        log.error(str(error))
        return EXIT_CONTRACT


def _in_batch(family: Family, name: str, env: Mapping[str, str], log: Log) -> int:
    return run_job(family, name, read_assignment(env), UriStorage(), log) or EXIT_DONE


def run_job(
    family: Family,
    name: str,
    assignment: Assignment,
    storage: ObjectStorage,
    log: Log,
    *,
    execution: Mapping[str, str] | None = None,
    begins: Callable[[], bool] = lambda: True,
) -> int | None:
    """Runs an assignment and returns the exit code; None if another execution of the same call works instead.

    `execution` and `begins` are those of the `Runner`.
    """
    try:
        job = family.find(name)
        _check_contract(job, assignment)
    except ContractError as error:
        for index in assignment.indices:
            report_failure(assignment, index, error, storage, log.bind(index=index))
        return EXIT_CONTRACT
    runner = Runner(job, assignment, storage, log, execution=execution, begins=begins)
    code = runner.run()
    return None if runner.left else code


def _in_shell(family: Family, name: str, options: Options, log: Log) -> int:
    from millrace_job.shell import run_from_shell

    if options.input is None or options.output is None:
        raise ContractError("give both --input (a JSON file) and --output (a folder)")
    job = family.find(name)
    try:
        result = run_from_shell(job, options.input, options.output, UriStorage(), log)
    except ContractError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the job raises ends here
        description = describe_error(error)
        log.error(f"{description['name']}: {description['message']}")
        if description["retryable"]:
            # The message of a FatalError is enough. Any other error is a bug, and its stack shows where.
            traceback.print_exception(error)
        return EXIT_RAISED
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    return EXIT_DONE


def _check_contract(job: Job[Any, Any], assignment: Assignment) -> None:
    if assignment.job != job.contract:
        raise ContractError(f"MILLRACE_JOB is {assignment.job}; the command runs {job.contract}: make them agree")


def _parser(family: Family) -> argparse.ArgumentParser:
    width = max(map(len, family.jobs), default=0)
    parser = argparse.ArgumentParser(
        prog=f"python -m {family.name}",
        description="Runs a job as the environment (MILLRACE_…) asks, or on local files with --input and --output.",
        epilog="jobs:\n" + "\n".join(f"  {name:{width}}  {job.summary}" for name, job in family.jobs.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("job", nargs="?", help="the job to run; without one, this help")
    parser.add_argument("--input", type=Path, metavar="FILE", help="JSON file with the job's input")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="folder for the job's artifacts")
    return parser


def job_log(env: Mapping[str, str], *, text: bool) -> Log:
    """The log of the job that an environment describes: lines of JSON, or text for a person."""
    if text:
        # Standard output has only the result, so that it can be piped.
        return Log(sys.stderr, {}, text=True)
    names = {
        "pipeline": "MILLRACE_PIPELINE",
        "run": "MILLRACE_RUN_ID",
        "step": "MILLRACE_STEP",
        "index": "MILLRACE_INDICES",
        "jobId": "AWS_BATCH_JOB_ID",
    }
    fields: dict[str, object] = {field: env[name] for field, name in names.items() if name in env}
    if tags := env.get("MILLRACE_TAGS", "").split():
        fields["tags"] = tags
    attempt = [env[name] for name in ("MILLRACE_EPOCH", "MILLRACE_ATTEMPT") if name in env]
    return Log(sys.stdout, {**fields, "attempt": ".".join(attempt)})


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
