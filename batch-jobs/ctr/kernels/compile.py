"""Writes kernels.ll, what Numba makes of source.py, so that jobs need not load Numba: `python -m ctr.kernels.compile`.

Numba takes as long to start as training on a million rows does. What it compiles to is LLVM's assembly language, which
is the same for every processor and is made into machine code when a job starts, in a tenth of a second.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llvmlite.binding import ModuleRef

FOLDER = Path(__file__).parent
TARGET = FOLDER / "kernels.ll"
NAMES = ("hash_rows", "descend", "follow", "weigh", "sum_log_loss")


def digest_of_source() -> str:
    """SHA-256 (hex) of all that kernels.ll is made of."""
    files = ("source.py", "constants.py", "compile.py")
    return hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in files)).hexdigest()


def compile_kernels() -> str:
    """The text of kernels.ll."""
    # Nothing of this machine's processor.
    os.environ["NUMBA_CPU_NAME"] = "generic"
    os.environ["NUMBA_CPU_FEATURES"] = ""
    import llvmlite.binding as llvm
    from numba import __version__

    from ctr.kernels import source

    linked = llvm.parse_assembly("")
    for name in NAMES:
        linked.link_in(_module_of(getattr(source, name), name))
    machine = llvm.Target.from_default_triple().create_target_machine()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=0))
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(linked, builder)
    text = re.sub(r"^(target|source_filename|; ModuleID).*\n", "", str(linked), flags=re.MULTILINE)
    return f"; Numba {__version__} made this of source.py by compile.py; SHA-256 {digest_of_source()}\n{text}"


def _module_of(function: Any, name: str) -> ModuleRef:
    import llvmlite.binding as llvm

    [signature] = function.signatures
    [overload] = function.overloads.values()
    native = overload.fndesc.mangled_name
    module = llvm.parse_assembly(function.inspect_llvm(signature).replace(native, name))
    # Numba's wrappers for Python, which nothing calls, are left out with all that they need.
    for item in (*module.functions, *module.global_variables):
        if not item.is_declaration and item.name != name:
            item.linkage = "internal"
    return module


if __name__ == "__main__":
    TARGET.write_text(compile_kernels())
