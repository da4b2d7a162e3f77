"""Locks agree with one another, and the committed schemas with the contracts."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from conftest import ROOT

TEMPLATE = "../templates/batch/batch-jobs/line_count"
FAMILIES = [*sorted(path.parent.name for path in ROOT.glob("*/contract.ts")), TEMPLATE]
# Installed for tests alone, and torch by itself: on Linux its wheels bring CUDA's libraries, which no test needs.
WITHOUT_TORCH = "poem_model/requirements-without-torch.lock"
OF_TORCH = re.compile(r"(torch|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==")
OF_FAMILIES = [f"{family}/requirements.lock" for family in FAMILIES]
LOCKS = ["requirements-dev.lock", "sdk/function.lock", WITHOUT_TORCH, *OF_FAMILIES]


def versions(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9._-]+==\S+", (ROOT / lock).read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_has_the_versions_that_the_tests_ran_with(family: str) -> None:
    assert versions(f"{family}/requirements.lock")
    tested = versions("requirements-dev.lock") | versions(WITHOUT_TORCH)
    untested = versions(f"{family}/requirements.lock") - tested
    assert [each for each in untested if family != "poem_model" or not OF_TORCH.match(each)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"^(?=[a-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "index-url" not in text
    assert "://" not in text
    assert "/tmp" not in text


@pytest.mark.parametrize("family", [each for each in FAMILIES if each != TEMPLATE])
def test_the_types_and_the_packages_of_each_family_are_checked(family: str) -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
    assert family in checked
    # The packages of poem_model are installed from a list of their own.
    included = (ROOT / "requirements-dev.in").read_text().splitlines()
    assert family == "poem_model" or f"-r {family}/requirements.in" in included


def test_the_sdk_asks_for_the_same_wherever_it_says_so() -> None:
    project = tomllib.loads((ROOT / "sdk/pyproject.toml").read_text())["project"]
    lines = (ROOT / "sdk/requirements.in").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == project["dependencies"]


def test_the_committed_schemas_are_those_of_the_contracts() -> None:
    node = ROOT.parent / "node_modules" / ".bin" / "node"
    result = subprocess.run(
        [node, "generate-schemas.ts", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
