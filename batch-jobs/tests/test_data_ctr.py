"""The generator of click-through data: `npm run data -- ctr`."""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import re
import resource
import subprocess
import sys
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from data.__main__ import main
from data.ctr.columns import COLUMN_NAMES, COLUMNS
from data.ctr.poison import KINDS, poisoned_row
from data.ctr.rows import Period, Rows
from data.draws import BINS, Bits, Zipf, mix63
from data.text import decimal, hexadecimal
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PERIOD = Period(date(2014, 10, 21), days=10)
# Of 1,000 rows with seed 7. It changes only together with the generator, never with the machine.
GOLDEN_SHA256 = "18de9ec94b1a714971328f868c35d8f45c2a98468abc6817108426805b4326d8"


def make(path: Path, *arguments: str, rows: int = 1_000, seed: int = 7) -> bytes:
    main(["ctr", "--rows", str(rows), "--seed", str(seed), "--out", str(path), *arguments])
    return path.read_bytes()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode().splitlines()))


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """50,000 rows."""
    return make(tmp_path_factory.mktemp("data") / "sound.csv", rows=50_000)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_different_bytes(tmp_path: Path) -> None:
    content = make(tmp_path / "a.csv")
    assert hashlib.sha256(content).hexdigest() == GOLDEN_SHA256
    assert make(tmp_path / "b.csv") == content
    assert make(tmp_path / "c.csv", seed=8) != content


def test_a_gz_file_has_the_same_rows_and_neither_name_nor_time(tmp_path: Path) -> None:
    zipped = make(tmp_path / "a.csv.gz")
    assert gzip.decompress(zipped) == make(tmp_path / "a.csv")
    flags, modified = zipped[3], zipped[4:8]
    assert (flags, modified) == (0, bytes(4))


def test_rows_have_avazus_columns_in_the_order_of_time(sound: bytes) -> None:
    rows = rows_of(sound)
    assert tuple(rows[0]) == COLUMN_NAMES
    hours = [row["hour"] for row in rows]
    assert hours == sorted(hours)
    assert sorted(set(hours)) == [f"1410{day}{hour:02d}" for day in range(21, 31) for hour in range(24)]
    for column in COLUMNS:
        pattern = r"[0-9a-f]{8}" if column.known is None else r"-?\d+"
        seen = {row[column.name] for row in rows}
        assert all(re.fullmatch(pattern, value) for value in seen)
        assert len(seen) <= column.categories
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(10**17 < int(row["id"]) < 2**64 for row in rows)


def test_ids_of_one_column_are_none_of_another(sound: bytes) -> None:
    rows = rows_of(sound)
    sites, apps = ({row[column] for row in rows} for column in ("site_id", "app_id"))
    assert len(sites & apps) == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clicks_are_near_17_in_100_whatever_the_seed(seed: int) -> None:
    clicks = np.concatenate([chunk.clicks for chunk in Rows(200_000, seed, PERIOD).chunks()])
    assert 0.165 < clicks.mean() < 0.175


def test_the_hidden_model_beats_the_base_rate_and_is_calibrated() -> None:
    chunks = list(Rows(200_000, 1, PERIOD).chunks())
    clicks = np.concatenate([chunk.clicks for chunk in chunks])
    probabilities = np.concatenate([chunk.probabilities for chunk in chunks])
    assert log_loss(clicks, probabilities) < 0.86 * log_loss(clicks, np.full(len(clicks), clicks.mean()))
    for low in np.arange(0, 0.8, 0.1):
        chosen = (low <= probabilities) & (probabilities < low + 0.1)
        assert clicks[chosen].mean() == pytest.approx(probabilities[chosen].mean(), abs=0.03)


def test_a_hashed_linear_model_learns_from_the_rows(sound: bytes) -> None:
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    lines = [line.split(",") for line in sound.decode().splitlines()[1:]]
    names = COLUMN_NAMES[2:]
    features = FeatureHasher(2**18, input_type="string").transform(
        [f"{name}={value}" for name, value in zip(names, line[2:], strict=True)] for line in lines
    )
    clicks = np.array([line[1] == "1" for line in lines])
    train, test = slice(0, 40_000), slice(40_000, None)
    model = SGDClassifier(
        loss="log_loss", alpha=1e-6, learning_rate="constant", eta0=0.02, average=True, max_iter=1, tol=None,
        random_state=1,
    ).fit(features[train], clicks[train])  # fmt: skip
    base = log_loss(clicks[test], np.full(10_000, clicks[train].mean()))
    assert log_loss(clicks[test], model.predict_proba(features[test])[:, 1]) < 0.96 * base


def log_loss(clicks: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-np.log(np.where(clicks, probabilities, 1 - probabilities)).mean())


def test_days_of_drifted_clicks_have_the_same_rows_but_other_clicks(tmp_path: Path) -> None:
    plain, drifted = rows_of(make(tmp_path / "a.csv")), rows_of(make(tmp_path / "b.csv", "--drift", "clicks:8-9"))
    changed: Counter[str] = Counter()
    for before, after in zip(plain, drifted, strict=True):
        assert {**before, "click": ""} == {**after, "click": ""}
        changed[before["hour"][:6]] += before["click"] != after["click"]
    assert {day for day, count in changed.items() if count} == {"141028", "141029"}


def test_days_of_drifted_categories_have_ids_that_were_never_seen(tmp_path: Path) -> None:
    rows = rows_of(make(tmp_path / "a.csv", "--drift", "categories:3", "--days", "3", rows=100_000))
    for column, share in {"site_id": 0.3, "app_id": 0.3, "device_model": 0.3, "app_domain": 0.0}.items():
        known = {row[column] for row in rows if not row["hour"].startswith("141023")}
        new = [row[column] not in known for row in rows if row["hour"].startswith("141023")]
        assert sum(new) / len(new) == pytest.approx(share, abs=0.05)


def test_few_rows_are_spread_over_the_days_too(tmp_path: Path) -> None:
    days = {row["hour"][:6] for row in rows_of(make(tmp_path / "a.csv", "--first-day", "240228", rows=10))}
    assert days == {"240228", "240229", *(f"24030{day}" for day in range(1, 9))}


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    small, large = (peak_memory(tmp_path / "a.csv.gz", rows) for rows in (100_000, 400_000))
    assert large < small * 1.2


def peak_memory(path: Path, rows: int) -> int:
    """Of a process that generates, in kilobytes on Linux."""
    arguments = ["ctr", "--rows", str(rows), "--seed", "1", "--out", str(path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT.parent / "local")}
    process = subprocess.Popen([sys.executable, "-m", "data", *arguments], env=env, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss


POISONED: dict[str, Callable[[bytes, bytes], bool]] = {
    "wrong-delimiter": lambda content, sound: content == sound.replace(b",", b";"),
    "missing-column": lambda content, _: content.startswith(b"id,") and b"C20" not in content,
    "extra-column": lambda content, _: content.splitlines()[0].endswith(b",C21,C22"),
    "binary": lambda content, _: b"\0" in content and not content.isascii(),
    "byte-order-mark": lambda content, sound: content == b"\xef\xbb\xbf" + sound,
    "click-of-two": lambda content, sound: changes(content, sound, "click", "2"),
    "no-clicks": lambda content, _: {row["click"] for row in rows_of(content)} == {"0"},
    "nulls": lambda content, _: {row["device_model"] for row in rows_of(content)} == {""},
    "empty": lambda content, _: content == b"",
    "header-only": lambda content, sound: content == sound[: sound.index(b"\n") + 1],
    "open-quote": lambda content, _: content.splitlines()[poisoned_row(1_000) + 1].count(b'"') == 1,
    "duplicate-ids": lambda content, sound: changes(content, sound, "id", rows_of(sound)[0]["id"]),
    "unordered-hours": lambda content, sound: changes(content, sound, "hour", "14102100"),
}


def changes(content: bytes, sound: bytes, column: str, value: str) -> bool:
    """Whether the content is the sound one but for one value of the poisoned row."""
    rows = rows_of(sound)
    rows[poisoned_row(len(rows))][column] = value
    return rows_of(content) == rows


@pytest.mark.parametrize("kind", POISONED)
def test_poison_is_one_thing_wrong(kind: str, tmp_path: Path) -> None:
    assert POISONED[kind](make(tmp_path / "bad.csv", "--poison", kind), make(tmp_path / "sound.csv"))


def test_a_truncated_gzip_file_ends_too_soon(tmp_path: Path) -> None:
    content = make(tmp_path / "bad.csv.gz", "--poison", "truncated-gzip")
    assert make(tmp_path / "sound.csv.gz").startswith(content)
    with pytest.raises(EOFError):
        gzip.decompress(content)
    assert {*POISONED, "truncated-gzip"} == set(KINDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "0"], "--rows: '0' is not a whole number from 1 to"),
        (["--rows", "1e6"], "--rows: '1e6' is not a whole number"),
        (["--seed", "-1"], "--seed: '-1' is not a whole number from 0 to"),
        (["--days", "0"], "--days: '0' is not a whole number from 1 to"),
        (["--first-day", "2014-13-01"], "'2014-13-01' is not a day from 2000 to 2089, such as 2014-10-21 or 141021"),
        (["--drift", "clicks"], "'clicks' is not a drift and its days, such as clicks:8"),
        (["--drift", "clicks:9-8"], "'clicks:9-8' is not a drift and its days"),
        (["--drift", "categories:11"], "--drift categories: day 11 is after the last of 10"),
        (["--out", "a.parquet"], "--out a.parquet: give a name that ends in .csv or .csv.gz"),
        (["--poison", "arsenic"], "invalid choice: 'arsenic'"),
        (["--poison", "truncated-gzip"], "a truncated gzip file needs a name that ends in .csv.gz"),
        (["--poison", "nulls", "--rows", "99"], "--rows 99: poison needs at least 100 rows"),
    ],
)
def test_wrong_arguments_are_refused_by_name(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["ctr", "--rows", "1000", "--seed", "1", "--out", str(tmp_path / "a.csv"), *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        make(tmp_path / "gone" / "a.csv")
    assert stop.value.code == 1
    assert "a.csv.part can't be written: No such file or directory" in capsys.readouterr().err


def test_a_file_that_fails_on_the_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("data.ctr.rows.Rows._chunk", fail)
    with pytest.raises(MemoryError):
        make(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_seen_enough_ends_it_quietly() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT.parent / "local")}
    command = f"{sys.executable} -m data ctr --rows 300000 --seed 1 --out - | head -1"
    result = subprocess.run(command, shell=True, env=env, capture_output=True, text=True, check=True)
    assert result.stdout == ",".join(COLUMN_NAMES) + "\n"
    assert "Traceback" not in result.stderr


# Tables of a million ranks take their time, on a busy machine more.
@settings(deadline=None, max_examples=30)
@given(st.integers(1, 1_000_000), st.sampled_from([0.75, 1.0, 1.25, 1.5]))
def test_ranks_are_within_their_number_and_skewed(count: int, exponent: float) -> None:
    ranks = Zipf(count, exponent).ranks(Bits(1).take(20_000))
    assert 0 <= ranks.min() <= ranks.max() < count
    assert (ranks < (count + 1) // 2).mean() >= 0.45


def test_ranks_follow_zipfs_law() -> None:
    ranks = Zipf(5_000).ranks(Bits(1).take(2_000_000))
    seen = np.bincount(ranks, minlength=5_000) / len(ranks)
    wanted = 1 / np.arange(1, 5_001)
    wanted /= wanted.sum()
    assert np.abs(np.cumsum(seen) - np.cumsum(wanted)).max() < 3 / BINS**0.5
    assert len(np.unique(ranks)) == 5_000


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=50, unique=True), st.integers(0, 2**64 - 1))
def test_scrambled_numbers_never_meet(values: list[int], salt: int) -> None:
    mixed = mix63(np.array(values, dtype=np.uint64), salt)
    assert len(np.unique(mixed)) == len(values)
    assert int(mixed.max()) < 2**63


@given(st.lists(st.integers(10**16, 2**64 - 1), min_size=1, max_size=20))
def test_numbers_are_written_as_python_writes_them(values: list[int]) -> None:
    written = [text.replace(b"\0", b"").decode() for text in decimal(np.array(values, dtype=np.uint64)).tolist()]
    assert written == [str(value) for value in values]
    digits = hexadecimal(np.array([value & 0xFFFFFFFF for value in values], dtype=np.uint32))
    assert [text.decode() for text in digits.tolist()] == [f"{value & 0xFFFFFFFF:08x}" for value in values]
