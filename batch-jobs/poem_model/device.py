"""Where a model is computed: the GPU where there is one, else so many threads of the CPU, always giving the same."""

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
    """A device, and the numbers that it multiplies with."""

    place: Any
    """As torch names it."""
    name: str
    precision: Precision

    def arithmetic(self) -> AbstractContextManager[Any]:
        """Within it, what bears it is computed with 16 bits; weights and sums stay at 32."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.place.type, dtype=torch.bfloat16)  # type: ignore[no-any-return]

    def peak_memory_bytes(self) -> int:
        """The most memory that was taken at once: of the GPU, or of the process where there is none."""
        if self.place.type == "cuda":
            return int(torch.cuda.max_memory_allocated())
        return Usage().peak_memory_bytes()


def choose_device(threads: int, precision: Literal["auto", "float32", "bfloat16"] = "auto") -> Device:
    """The GPU where there is one, else the CPU with so many threads and algorithms that give the same bits each time.

    Raises:
        FatalError: bfloat16 is asked for and there is no GPU that computes with it.
    """
    torch.set_num_threads(threads)
    if not torch.cuda.is_available():
        if precision == "bfloat16":
            raise FatalError("precision is bfloat16, and there is no GPU here: say auto, or float32")
        torch.use_deterministic_algorithms(True)
        return Device(torch.device("cpu"), "cpu", "float32")
    able = torch.cuda.is_bf16_supported(including_emulation=False)
    name = torch.cuda.get_device_name()
    if precision == "bfloat16" and not able:
        raise FatalError(f"precision is bfloat16, and {name} does not compute with it: say auto, or float32")
    return Device(torch.device("cuda"), name, "bfloat16" if able and precision != "float32" else "float32")


def is_out_of_memory(error: Exception) -> bool:
    """Whether it says that memory could not be had, on a GPU or on a CPU, for which torch has no class of errors."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and CPU_OUT_OF_MEMORY in str(error)
    )
