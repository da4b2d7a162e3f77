"""The compiled loops. They become machine code for this processor when they are first needed.

They run without Python's interpreter lock. source.py has them in Python and explains them; jobs run kernels.ll.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, byref, c_double, c_int32, c_int64, c_void_p
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numpy as np

from ctr.kernels.constants import L1

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Features = NDArray[np.uint32]
    Bytes = NDArray[np.uint8]
    Numbers = NDArray[np.float64]

ASSEMBLY = Path(__file__).parent / "kernels.ll"

WHOLE, REAL, ARRAY = c_int64, c_double, c_void_p
# The types of each function's arguments and result, in the order of source.py.
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "hash_rows": (WHOLE, [ARRAY, *[WHOLE] * 3, ARRAY, WHOLE, *[ARRAY] * 3, *[WHOLE] * 2, ARRAY]),
    "descend": (REAL, [*[ARRAY] * 2, *[WHOLE] * 3, ARRAY, WHOLE, *[REAL] * 2, *[ARRAY] * 2, WHOLE, ARRAY]),
    "follow": (REAL, [*[ARRAY] * 2, *[WHOLE] * 3, *[REAL] * 2, *[ARRAY] * 2, WHOLE, ARRAY]),
    "weigh": (REAL, [WHOLE, *[REAL] * 2, ARRAY, WHOLE, *[ARRAY] * 2]),
    "sum_log_loss": (REAL, [*[ARRAY] * 2, *[WHOLE] * 2, ARRAY, WHOLE, REAL]),
}


def hash_rows(
    text: Bytes, separator: int, terminator: int, prefixes: Bytes, features: Features, clicks: Bytes
) -> tuple[int, int, int]:
    """Reads rows of `text` until it ends or `clicks` is full, and writes their features and clicks.

    A row has an id, a click and as many values as `features` has columns, separated by the byte `separator`. Every row
    ends with `terminator`. `prefixes` is the text of all prefixes `column=`, one after another.

    Returns the number of rows written, the number of bytes read, and what is wrong with the next row, or FINE.
    """
    rows, columns = features.shape
    begun = np.empty((columns, 3), dtype=np.int64)
    read = np.empty(2, dtype=np.int64)
    fault = _call(
        *("hash_rows", text, len(text), separator, terminator, prefixes, len(prefixes)),
        *(begun, features, clicks, rows, columns, read),
    )
    return int(read[0]), int(read[1]), fault


def descend(
    features: Features,
    clicks: Bytes,
    seed: int,
    penalty: int,
    alpha: float,
    eta: float,
    weights: Numbers,
    state: Numbers,
) -> float:
    """Averaged gradient descent over the rows in an order drawn by `seed`; changes `weights` (two columns) and `state`.

    Returns the sum of the rows' log-losses (nats). Each loss is measured before the row is learnt from.
    """
    rows, columns = features.shape
    order = np.empty(rows, dtype=np.int64)
    paid = np.zeros(len(weights) if penalty == L1 else 0)
    loss: float = _call(
        *("descend", features, clicks, rows, columns, seed, order, penalty, alpha, eta),
        *(paid, weights, len(weights), state),
    )
    return loss


def follow(
    features: Features, clicks: Bytes, penalty: int, alpha: float, eta: float, weights: Numbers, state: Numbers
) -> float:
    """FTRL-Proximal over the rows in their order; changes `weights` (two columns) and `state`.

    Returns the sum of the rows' log-losses (nats). Each loss is measured before the row is learnt from.
    """
    rows, columns = features.shape
    used = np.empty(columns)
    loss: float = _call(
        *("follow", features, clicks, rows, columns, penalty, alpha, eta, used, weights, len(weights), state)
    )
    return loss


def weigh(penalty: int, alpha: float, eta: float, weights: Numbers, state: Numbers) -> tuple[Numbers, float]:
    """The coefficients and the intercept that `follow` has learnt."""
    coefficients = np.empty(len(weights))
    intercept: float = _call("weigh", penalty, alpha, eta, weights, len(weights), state, coefficients)
    return coefficients, intercept


def sum_log_loss(features: Features, clicks: Bytes, coefficients: Numbers, intercept: float) -> float:
    """Sum of the rows' log-losses (nats) by a model."""
    rows, columns = features.shape
    loss: float = _call("sum_log_loss", features, clicks, rows, columns, coefficients, len(coefficients), intercept)
    return loss


def _call(name: str, *arguments: Any) -> Any:
    function, result = _functions()[name], SIGNATURES[name][0]()
    function(byref(result), None, *(_pointer(item) if isinstance(item, np.ndarray) else item for item in arguments))
    return result.value


def _pointer(array: NDArray[Any]) -> int:
    if not array.flags.c_contiguous:
        raise ValueError("compiled loops take arrays whose rows lie one after another")
    return array.ctypes.data


@cache
def _functions() -> dict[str, Callable[..., int]]:
    engine = _engine()
    # A function compiled by Numba returns a status. Its first two arguments are addresses, for the result and for an
    # exception; its own arguments follow.
    return {
        name: CFUNCTYPE(c_int32, c_void_p, c_void_p, *arguments)(engine.get_function_address(name))
        for name, (_, arguments) in SIGNATURES.items()
    }


@cache
def _engine() -> llvm.ExecutionEngine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(ASSEMBLY.read_text())
    machine = llvm.Target.from_default_triple().create_target_machine(opt=3)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
