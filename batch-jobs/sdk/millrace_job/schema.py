"""Checks a job's input and output against the JSON Schemas that its contract generated."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from millrace_job.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path

    from jsonschema.exceptions import ValidationError

# A message with more problems would hide the one that matters.
MAX_PROBLEMS = 5
SHOWN_CHARACTERS = 80


def load_schema(path: Path) -> dict[str, Any]:
    """A generated schema.

    Raises:
        ContractError: there is no such file, because the contract has no such job or the schemas weren't generated.
    """
    try:
        schema: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ContractError(
            f"{path} is missing: declare the job in {path.parent.parent.name}/contract.ts and run generate-schemas.ts"
        ) from None
    return schema


def check(what: str, value: object, schema: dict[str, Any]) -> None:
    """Checks `value` (JSON as Python values) by `schema`. Messages call the value `what`: input or output.

    Raises:
        ContractError: the message names each wrong field, its value, and the expected form.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    problems = [_describe(what, _inner(error, best_match)) for error in Draft202012Validator(schema).iter_errors(value)]
    problems += [
        f"{field} is {number}: JSON has no such number; give a finite one" for field, number in _odd(what, value)
    ]
    if problems:
        shown = problems[:MAX_PROBLEMS]
        if len(problems) > MAX_PROBLEMS:
            shown.append(f"and {len(problems) - MAX_PROBLEMS} more")
        raise ContractError("; ".join(shown))


def _inner(error: ValidationError, best_match: Any) -> ValidationError:
    """For a failed `anyOf`, the errors of the branch that fits best. "Not valid under any" would help nobody."""
    inner: ValidationError = best_match([error])
    return inner


def _describe(what: str, error: ValidationError) -> str:
    field = what + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    found: Any = error.instance
    limit: Any = error.validator_value
    schema: Any = error.schema
    value = _show(found)
    match error.validator:
        case "type":
            return f"{field} is {value} ({type(found).__name__}); give {_kinds(limit)}"
        case "required":
            missing = [name for name in limit if name not in found]
            # jsonschema reports each missing field separately. Its message begins with the quoted name.
            name = next((name for name in missing if error.message.startswith(repr(name))), missing[0])
            return f"{field}.{name} is missing; add it"
        case "additionalProperties" if limit is False:
            known = sorted(schema.get("properties", {}))
            unknown = sorted(set(found) - set(known))
            return f"{field} has the unknown field {', '.join(unknown)}; it takes {', '.join(known) or 'none'}"
        case "exclusiveMinimum":
            return f"{field} is {value}; give a number more than {limit}"
        case "minimum":
            return f"{field} is {value}; give a number of at least {limit}"
        case "exclusiveMaximum":
            return f"{field} is {value}; give a number less than {limit}"
        case "maximum":
            return f"{field} is {value}; give a number of at most {limit}"
        case "enum":
            return f"{field} is {value}; give one of {', '.join(_show(choice) for choice in limit)}"
        case "minItems" | "minLength":
            return f"{field} is {value}, too short; give at least {limit}"
        case "maxItems" | "maxLength":
            return f"{field} is {value}, too long; give at most {limit}"
        case "pattern":
            kind = schema.get("format")
            return f"{field} is {value}; give {f'a {kind}, such as matches' if kind else 'text that matches'} {limit}"
        case _:
            return f"{field} is {value}; it must satisfy {error.validator} {_show(limit)}"


def _odd(field: str, value: object) -> list[tuple[str, float]]:
    """The fields with NaN or infinity, which JSON doesn't have."""
    if isinstance(value, float):
        return [] if math.isfinite(value) else [(field, value)]
    if isinstance(value, dict):
        return [odd for name, item in value.items() for odd in _odd(f"{field}.{name}", item)]
    if isinstance(value, list):
        return [odd for position, item in enumerate(value) for odd in _odd(f"{field}[{position}]", item)]
    return []


def _show(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _kinds(limit: object) -> str:
    kinds = limit if isinstance(limit, list) else [limit]
    return " or ".join(f"{'an' if str(kind)[0] in 'aio' else 'a'} {kind}" for kind in kinds)
