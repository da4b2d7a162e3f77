"""The parts of ctr.validate: what holds for any rows, in blocks of any size, and in how much memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from data.__main__ import main as generate
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from ctr.validation import categories, source
from ctr.validation.categories import NONE, Categories
from ctr.validation.errors import InvalidData
from ctr.validation.explain import explain
from ctr.validation.profile import Profile, read_categories
from ctr.validation.repeats import IdLedger
from ctr.validation.rows import RowReader
from ctr.validation.rules import CATEGORY_COLUMNS, HEX_ID_COLUMNS
from ctr.validation.source import Block
from test_ctr_validation import LIMITS, Folder

ROW = (
    "1000009418151094273,0,14102100,1005,0,1fbe01fe,f3845767,28905ebd,ecad2386,7801e8d9,07d7df22,a99f214a,ddd2926e,"
    "44956a24,1,2,15706,320,50,1722,0,35,-1,79"
)
LATER_ROW = ROW.replace("14102100", "14102101").replace(",-1,", ",,")
BLOCK = f"{ROW}\n{ROW}\n{LATER_ROW}\n"


def accepted(block: Block) -> bool:
    try:
        RowReader("a.csv").read(block)
    except InvalidData:
        return False
    return True


def test_the_block_that_is_edited_below_is_right() -> None:
    assert accepted(Block(2, BLOCK.encode()))


@settings(deadline=None, max_examples=500)
@given(
    start=st.integers(0, len(BLOCK)),
    length=st.integers(0, 12),
    text=st.text(alphabet='0123456789abcfAGx-+.," \t\r\n;#é\0', max_size=8) | st.text(max_size=3),
)
def test_a_block_is_refused_if_and_only_if_one_of_its_lines_is_explained(start: int, length: int, text: str) -> None:
    """The reader by columns and the explanation by lines are two implementations of the same rules."""
    block = Block(2, (BLOCK[:start] + text + BLOCK[start + length :]).encode(errors="replace"))
    if not block.data:
        return
    explained = "can't be read" not in str(explain(block, "", "a.csv", "no line is wrong"))
    assert accepted(block) is not explained, block.data


def test_lines_are_counted_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BLOCK_BYTES", 10_000)
    for kind, message in {
        "click-of-two": "line 2002, column click is '2'",
        "duplicate-ids": "line 2002: ",
        "unordered-hours": "line 2002, column hour is 14102100",
    }.items():
        folder = Folder(tmp_path / kind)
        folder.path.mkdir()
        assert message in folder.refusal(folder.make("--poison", kind))


def test_hours_may_not_go_back_from_one_block_to_the_next() -> None:
    reader = RowReader("a.csv")
    reader.read(Block(2, f"{LATER_ROW}\n".encode()))
    with pytest.raises(
        InvalidData, match=r"a\.csv, line 3, column hour is 14102100, before 14102101 of the line above"
    ):
        reader.read(Block(3, f"{ROW}\n".encode()))


def test_the_same_rows_give_the_same_profile_however_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of device_ip there are more than are kept, so that sampling is part of what is compared.
    monkeypatch.setattr(categories, "MAX_CATEGORIES", 3_000)
    folder = Folder(tmp_path)
    file, zipped = folder.make(rows=20_000), folder.make(rows=20_000, name="data.csv.gz")
    sizes = [(file, 8_000_000), (file, 50_000), (zipped, 777_777)]
    profiles = set()
    for run, (data, size) in enumerate(sizes):
        monkeypatch.setattr(source, "BLOCK_BYTES", size)
        folder.out = tmp_path / f"out {run}"
        folder.validate(data)
        profiles.add((folder.out / "profile.json").read_bytes())
    assert len(profiles) == 1
    columns = json.loads(profiles.pop())["columns"]
    assert columns["site_category"]["sampled"] == 1
    assert columns["device_ip"]["sampled"] < 1
    assert len(columns["device_ip"]["categories"]) <= 3_000


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 20), max_size=40), max_size=5),
)
def test_repeated_ids_are_found_exactly(blocks: list[list[int]]) -> None:
    with TemporaryDirectory() as folder, IdLedger(Path(folder) / "ids") as ledger:
        line = 2
        for block in blocks:
            ledger.add(np.array(block, dtype=np.uint64), line)
            line += len(block)
        found = ledger.repeats()
    ids = [id_ for block in blocks for id_ in block]
    again = sum(count - 1 for count in Counter(ids).values())
    assert (found.count if found else 0) == again
    if found is not None:
        first = next(place for place, id_ in enumerate(ids) if id_ in ids[:place])
        assert (found.id, found.line, found.earlier_line) == (ids[first], first + 2, ids.index(ids[first]) + 2)


@given(st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=60), max_size=6), st.randoms())
def test_a_sample_depends_on_the_categories_alone(blocks: list[list[int]], random: object) -> None:
    arrays = [np.array(sorted(set(block)), dtype=np.uint32) for block in blocks]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(categories, "MAX_CATEGORIES", 16)
        there, back = NONE, NONE
        for array in arrays:
            there = there.union(array)
        for array in reversed(arrays):
            back = back.union(array)
    assert there.below == back.below
    assert there.keys.tolist() == back.keys.tolist()
    assert len(there.keys) <= 16
    assert set(there.keys.tolist()) == {
        key for block in blocks for key in block if there.samples(np.array([key], dtype=np.uint32))[0]
    }


def test_the_number_of_categories_is_estimated_from_a_sample() -> None:
    keys = np.unique(np.random.PCG64(1).random_raw(300_000).astype(np.uint32))
    found = NONE.union(keys)
    assert not found.complete
    assert len(found.keys) / found.share == pytest.approx(len(keys), rel=0.03)


@given(st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=30))
def test_a_profile_is_read_as_it_was_written(keys: list[int]) -> None:
    kept = Categories(np.array(sorted(keys), dtype=np.uint32), 1 << 30)
    profile = Profile(10, 2, "14102100", "14102101", dict.fromkeys(CATEGORY_COLUMNS, kept))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "profile.json"
        file.write_bytes(profile.to_json())
        read = read_categories(file, "p")
    assert set(HEX_ID_COLUMNS) < set(CATEGORY_COLUMNS)
    for column in CATEGORY_COLUMNS:
        assert (read[column].keys.tolist(), read[column].below) == (sorted(keys), 1 << 30)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    small, large = (peak_memory(tmp_path, rows) for rows in (300_000, 1_500_000))
    assert large < small * 1.35


def peak_memory(folder: Path, rows: int) -> int:
    """Of a process that validates so many rows, in kilobytes on Linux."""
    data, request = folder / f"{rows}.csv.gz", folder / f"{rows}.json"
    generate(["ctr", "--rows", str(rows), "--seed", "1", "--out", str(data)])
    request.write_text(json.dumps({"file": {"uri": str(data)}, "champion": None, "limits": LIMITS}))
    arguments = ["ctr", "validate", "--input", str(request), "--output", str(folder / f"{rows} out")]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": "sdk"}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss
