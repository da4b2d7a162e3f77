"""The same work as test/simulation/spec/pure-work.ts, to the bit: the oracle foretells its results."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from millrace_job import Context, FatalError, ObjectNotFound, RetryAfter, job


class Error(Exception):
    """Named like the error of the functions, as retries go by names."""


def _hash(text: str) -> int:
    """FNV-1a with the finalizer of MurmurHash3, as `hashOf` in test/simulation/random.ts with seed 0."""
    value = 2166136261
    for character in text.encode("ascii"):
        value = (value ^ character) * 16777619 & 0xFFFFFFFF
    value = (value ^ value >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


def _failures(context: Context) -> int:
    """Earlier attempts of this epoch that raised; those that were lost have left no error."""
    found = 0
    for attempt in range(1, context.attempt):
        place = f"{os.environ['MILLRACE_OUTPUT']}{context.index}/{context.epoch}.{attempt}/"
        try:
            context.artifacts.stat(f"{place}_error.json")
        except ObjectNotFound:
            continue
        found += 1
    return found


def _fail(failing: dict[str, Any], context: Context) -> None:
    if context.epoch >= failing.get("healed", float("inf")) or context.index % failing.get("every", 1) != 0:
        return
    if _failures(context) >= failing["times"]:
        return
    match failing["how"]:
        case "fatal":
            raise FatalError("it fails for good")
        case "after":
            raise RetryAfter(1, "it fails for now")
        case _:
            raise Error("it fails")


@job("sim.work")
def work(input: dict[str, Any], context: Context) -> dict[str, Any]:
    """Does what the step's spec says."""
    specs = json.loads(Path(__file__).with_name("specs.json").read_text())
    spec = specs[context.pipeline][context.step]
    place = [context.step, context.index, input["from"], input.get("item")]
    value = _hash(json.dumps(place, separators=(",", ":")))
    time.sleep(value % 1000 / 2000)
    if "failing" in spec:
        _fail(spec["failing"], context)
    result = {
        "v": value % 1000,
        "flag": (value & 1024) != 0,
        "list": [(value + index * 7) % 97 for index in range(spec["list"])],
    }
    return {**result, "pad": "x" * 5000} if spec.get("big") else result
