"""The device that computes a model: a GPU if there is one, otherwise threads of the CPU with repeatable results."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from millrace_job import FatalError
from millrace_job.usage import Usage

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Precision = Literal["float32", "bfloat16"]
CPU_OUT_OF_MEMORY = "DefaultCPUAllocator: can't allocate memory"


@dataclass(frozen=True)
class Device:
    """A device, and the precision of its products."""

    place: Any
    """The device, as an object of torch."""
    name: str
    precision: Precision

    def arithmetic(self) -> AbstractContextManager[Any]:
        """A context in which operations that tolerate it use 16 bits. Weights and sums stay at 32 bits."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.place.type, dtype=torch.bfloat16)  # type: ignore[no-any-return]

    def peak_memory_bytes(self) -> int:
        """The maximum memory in use at one time: the GPU's, or the process's if there is no GPU."""
        if self.place.type == "cuda":
            return int(torch.cuda.max_memory_allocated())
        return Usage().peak_memory_bytes()


def choose_device(threads: int, precision: Literal["auto", "float32", "bfloat16"] = "auto") -> Device:
    """The GPU if there is one. Otherwise the CPU, with `threads` threads and algorithms that always give the same bits.

    Raises:
        FatalError: bfloat16 is requested, and no GPU supports it.
    """
    torch.set_num_threads(threads)
    if not torch.cuda.is_available():
        if precision == "bfloat16":
            raise FatalError("precision is bfloat16, but there is no GPU here: set auto or float32")
        torch.use_deterministic_algorithms(True)
        return Device(torch.device("cpu"), "cpu", "float32")
    able = torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name()
    if precision == "bfloat16" and not able:
        raise FatalError(f"precision is bfloat16, and {name} doesn't support it: set auto or float32")
    return Device(torch.device("cuda"), name, "bfloat16" if able and precision != "float32" else "float32")


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error means out of memory, on a GPU or on a CPU. For the CPU, torch has no error class of its own."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and CPU_OUT_OF_MEMORY in str(error)
    )
