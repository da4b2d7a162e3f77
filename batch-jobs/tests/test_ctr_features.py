"""From text to features: the same as scikit-learn's FeatureHasher, whichever way the text is written down."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction import FeatureHasher

from ctr.chunks import Chunk, read_chunks
from ctr.columns import COLUMNS, FEATURE_COLUMNS
from ctr.source import BLOCK_BYTES, START, File, FileChanged, Place, read_blocks
from ctr_rows import HEADER, make_rows, to_csv, write
from job_context import make_context
from millrace_job import FatalError
from millrace_job.digest import sha256_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ROWS = make_rows(700)
# MurmurHash3 of site_id= and this is -2^31, whose absolute value 32 bits can't hold.
LOWEST_HASH = "bhk9gDpF"
VALUES = st.text(st.characters(blacklist_characters=',"\n\r', blacklist_categories=["Cs"]), max_size=12)


def read(files: list[File], folder: Path, sizes: list[int], place: Place = START) -> Chunk:
    blocks = read_blocks(files, make_context(folder / "read", None).artifacts, place)
    chunks = list(read_chunks(blocks, files, sizes, place, to_end=True))
    features = np.concatenate([chunk.features for chunk in chunks])
    return Chunk(features, np.concatenate([chunk.clicks for chunk in chunks]), chunks[-1].end)


def matrix(features: NDArray[np.uint32], bits: int) -> NDArray[np.float64]:
    dense = np.zeros((len(features), 2**bits))
    for row, values in enumerate(features):
        np.add.at(dense[row], values & (2**bits - 1), np.where(values >> 31, -1.0, 1.0))
    return dense


def hashed(rows: list[list[str]], bits: int) -> NDArray[np.float64]:
    tokens = [[f"{name}={value}" for name, value in zip(FEATURE_COLUMNS, row[2:], strict=True)] for row in rows]
    dense: NDArray[np.float64] = FeatureHasher(2**bits, input_type="string").transform(tokens).toarray()
    return dense


def quoted(rows: list[list[str]], ending: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=ending)
    writer.writerows([COLUMNS, *rows])
    return text.getvalue().encode()


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.lists(VALUES, min_size=22, max_size=22), min_size=1, max_size=4),
    # Few bits: features of a row meet at one index, and are summed or cancel out.
    bits=st.sampled_from([3, 8, 16]),
)
def test_features_are_those_of_feature_hasher(
    tmp_path_factory: pytest.TempPathFactory, values: list[list[str]], bits: int
) -> None:
    folder = tmp_path_factory.mktemp("features")
    rows = [["1", str(number % 2), *row] for number, row in enumerate(values)]
    file = write(folder / "a.csv", to_csv(rows), len(rows))
    chunk = read([file], folder, [len(rows)])
    assert (matrix(chunk.features, bits) == hashed(rows, bits)).all()
    assert chunk.clicks.tolist() == [int(row[1]) for row in rows]


def test_the_lowest_hash_has_index_0_and_a_negative_sign(tmp_path: Path) -> None:
    row = [*ROWS[0]]
    row[COLUMNS.index("site_id")] = LOWEST_HASH
    chunk = read([write(tmp_path / "a.csv", to_csv([row]), 1)], tmp_path, [1])
    assert chunk.features[0, FEATURE_COLUMNS.index("site_id")] == 0x80000000
    assert (matrix(chunk.features, 16) == hashed([row], 16)).all()


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "plain": ("a.csv", to_csv(ROWS)),
        "gzip": ("a.csv.gz", to_csv(ROWS)),
        "no line end at the end": ("a.csv", to_csv(ROWS)[:-1]),
        "windows line ends": ("a.csv", to_csv(ROWS).replace(b"\n", b"\r\n")),
        "quoted": ("a.csv", quoted(ROWS, "\n")),
        "quoted with windows line ends, gzip": ("a.csv.gz", quoted(ROWS, "\r\n")),
        "quotes from the middle on": ("a.csv", to_csv(ROWS[:350]) + quoted(ROWS, "\n").split(b"\n", 351)[351]),
    }.values(),
)
def test_however_rows_are_written_down_they_are_the_same_rows(tmp_path: Path, name: str, content: bytes) -> None:
    chunk = read([write(tmp_path / name, content, len(ROWS))], tmp_path, [100, 600])
    assert (matrix(chunk.features, 16) == hashed(ROWS, 16)).all()
    assert chunk.clicks.tolist() == [int(row[1]) for row in ROWS]


def test_a_gzip_file_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    content = to_csv(ROWS)
    cut = len(content) // 3
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(content[:cut]) + gzip.compress(content[cut:]))
    file: File = {"uri": str(path), "sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": len(ROWS)}
    assert (read([file], tmp_path, [700]).features == read_plain(tmp_path)).all()


def read_plain(folder: Path) -> NDArray[np.uint32]:
    return read([write(folder / "plain.csv", to_csv(ROWS), len(ROWS))], folder / "plain", [700]).features


def test_quoted_values_may_hold_commas_and_line_ends(tmp_path: Path) -> None:
    rows = [*ROWS[:3]]
    rows[1] = [*rows[1][:5], 'a,b\n"c"', *rows[1][6:]]
    chunk = read([write(tmp_path / "a.csv", quoted(rows, "\n"), 3)], tmp_path, [3])
    assert (matrix(chunk.features, 16) == hashed(rows, 16)).all()


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "quoted.csv"])
@pytest.mark.parametrize("row", [0, 1, 99, 350])
def test_reading_begins_at_any_row_of_any_file(tmp_path: Path, name: str, row: int) -> None:
    content = quoted if name.startswith("quoted") else lambda rows, _: to_csv(rows)
    first = write(tmp_path / f"0{name}", content(ROWS[:350], "\n"), 350)
    second = write(tmp_path / f"1{name}", content(ROWS[350:], "\n"), 350)
    chunk = read([first, second], tmp_path, [700 - row], Place(0, row))
    assert (chunk.features == read_plain(tmp_path)[row:]).all()


def test_rows_that_lie_across_blocks_and_chunks_are_whole(tmp_path: Path) -> None:
    rows = ROWS * (3 * BLOCK_BYTES // len(to_csv(ROWS)) + 1)
    file = write(tmp_path / "a.csv.gz", to_csv(rows), len(rows))
    sizes = [len(rows) // 7] * 7
    sizes.append(len(rows) - sum(sizes))
    features = read([file], tmp_path, [size for size in sizes if size]).features
    assert (features == np.tile(read_plain(tmp_path), (len(rows) // 700, 1))).all()


def with_row(change: Any) -> bytes:
    rows = [*ROWS[:10]]
    rows[4] = change([*rows[4]])
    return to_csv(rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (with_row(lambda row: [row[0], "2", *row[2:]]), "line 6: column click is '2': give 0 or 1"),
        (with_row(lambda row: [row[0], "", *row[2:]]), "line 6: column click is '': give 0 or 1"),
        (with_row(lambda row: [row[0], "10", *row[2:]]), "line 6: column click is '10': give 0 or 1"),
        (with_row(lambda row: row[:-1]), "line 6: has 23 columns, and needs 24"),
        (with_row(lambda row: [*row, "more"]), "line 6: has 25 columns, and needs 24"),
        (with_row(lambda row: [""]), "line 6: has 1 columns, and needs 24"),
        (with_row(lambda row: [row[0], row[1], '"open', *row[3:]]), "can't be read as CSV"),
        (to_csv(ROWS[:10]).replace(b"site_id", b"site"), "line 1 has 'site' for site_id"),
        (to_csv(ROWS[:10]).replace(b",", b";"), "line 1 has 1 columns, and should have 24"),
        (b"", "line 1 has 0 columns"),
        (to_csv(ROWS[:9]), "has 9 rows, and the input says 10"),
        (to_csv(ROWS[:11]), "has more than 10 rows, and the input says 10"),
        (HEADER.encode() + b"\n" + b"x" * (2 * BLOCK_BYTES), "has a line of more than"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_line_and_the_remedy(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(FatalError, match=message) as refused:
        read([write(tmp_path / "a.csv", content, 10)], tmp_path, [10])
    assert "a.csv" in str(refused.value)


def test_a_file_that_is_not_the_validated_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    file = write(path, to_csv(ROWS), len(ROWS))
    other = write(tmp_path / "b.csv.gz", to_csv([*ROWS[:-1], ROWS[0]]), len(ROWS))
    with pytest.raises(FileChanged, match=f"with SHA-256 {other['sha256']}, and had {file['bytes']} with"):
        read([{**other, "sha256": file["sha256"], "bytes": file["bytes"]}], tmp_path, [700])


def test_a_gzip_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    file = write(path, to_csv(ROWS), len(ROWS))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileChanged, match="can't be unpacked"):
        read([file], tmp_path, [700])
