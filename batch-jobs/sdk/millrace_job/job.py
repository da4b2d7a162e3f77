"""The decorator that makes a function a job."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from millrace_job.errors import InvalidArgument
from millrace_job.schema import load_schema

if TYPE_CHECKING:
    from millrace_job.context import Context

Input = TypeVar("Input", bound=Mapping[str, Any])
Output = TypeVar("Output", bound=Mapping[str, Any])


@dataclass(frozen=True)
class Job(Generic[Input, Output]):
    """A function and the name of its contract. A test can call it like the function."""

    contract: str
    function: Callable[[Input, Context], Output]

    def __call__(self, input: Input, context: Context) -> Output:
        return self.function(input, context)

    @property
    def name(self) -> str:
        """The job's name within its family: `train` for `ridge.train`."""
        return self.contract.partition(".")[2]

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """Raises ContractError if the generated file is missing."""
        return load_schema(self._family_folder / "schemas" / f"{self.name}.input.json")

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        """Raises ContractError if the generated file is missing."""
        return load_schema(self._family_folder / "schemas" / f"{self.name}.output.json")

    @property
    def _family_folder(self) -> Path:
        package = sys.modules[self.function.__module__.partition(".")[0]]
        return Path(str(package.__file__)).parent


def job(contract: str) -> Callable[[Callable[[Input, Context], Output]], Job[Input, Output]]:
    """Declares that a function implements the contract `family.name`, as in `@job("ridge.train")`.

    The function takes the input that `defineJob` in the family's contract.ts declares, and a `Context`. It returns the
    output. It raises FatalError if a retry can't help, and RetryAfter to be retried later. After any other exception,
    the step's `retries` decide.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", contract):
        raise InvalidArgument(f'@job("{contract}"): a contract is family.name in lower case, such as ridge.train')
    return lambda function: Job(contract, function)
