from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from millrace_job.errors import ContractError
from millrace_job.schema import check, load_schema

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "alpha": {"type": "number", "exclusiveMinimum": 0},
        "rows": {"type": "integer", "minimum": 1, "maximum": 10},
        "mode": {"enum": ["fast", "slow"]},
        "names": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "source": {
            "anyOf": [
                {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]},
                {"type": "null"},
            ]
        },
        "when": {"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-"},
    },
    "required": ["alpha"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "input.alpha is missing; add it"),
        ({"alpha": -1}, "input.alpha is -1; give a number more than 0"),
        ({"alpha": "1"}, 'input.alpha is "1" (str); give a number'),
        ({"alpha": float("nan")}, "input.alpha is nan: JSON has no such number; give a finite one"),
        (
            {"alpha": 1, "aplha": 1},
            "input has the unknown field aplha; it takes alpha, mode, names, rows, source, when",
        ),
        ({"alpha": 1, "rows": 0}, "input.rows is 0; give a number of at least 1"),
        ({"alpha": 1, "rows": 11}, "input.rows is 11; give a number of at most 10"),
        ({"alpha": 1, "rows": np.int64(3)}, "input.rows is np.int64(3) (int64); give an integer"),
        ({"alpha": 1, "mode": "medium"}, 'input.mode is "medium"; give one of "fast", "slow"'),
        ({"alpha": 1, "names": []}, "input.names is [], too short; give at least 1"),
        ({"alpha": 1, "names": ["a", 5]}, "input.names[1] is 5 (int); give a string"),
        ({"alpha": 1, "source": {"uri": 5}}, "input.source.uri is 5 (int); give a string"),
        ({"alpha": 1, "source": {}}, "input.source.uri is missing; add it"),
        ({"alpha": 1, "when": "soon"}, 'input.when is "soon"; give a date-time, such as matches ^[0-9]{4}-'),
        ([], "input is [] (list); give an object"),
        (None, "input is null (NoneType); give an object"),
    ],
)
def test_a_violation_names_field_value_and_remedy(value: object, message: str) -> None:
    with pytest.raises(ContractError) as raised:
        check("input", value, SCHEMA)
    assert str(raised.value) == message


def test_all_violations_are_reported_at_once() -> None:
    with pytest.raises(ContractError) as raised:
        check("output", {"alpha": 0, "rows": 0}, SCHEMA)
    assert str(raised.value).count("output.") == 2


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ContractError) as raised:
        check("input", {"alpha": "x" * 10_000}, SCHEMA)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("source", [None, {"uri": "s3://b/k"}])
def test_what_fits_passes(source: object) -> None:
    check("input", {"alpha": 1e-5, "rows": 10, "source": source}, SCHEMA)


def test_a_missing_schema_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"train\.input\.json is missing.*generate-schemas"):
        load_schema(tmp_path / "ridge" / "schemas" / "train.input.json")
