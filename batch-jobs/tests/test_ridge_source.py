"""Files that people drop: what is read, and what is said of what isn't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import Step
from millrace_job import FatalError, ObjectForbidden
from millrace_job.artifact import Artifacts
from millrace_job.local_storage import LocalStorage
from ridge import source
from ridge.dataset import read_csv, write_csv
from ridge.source import MAX_BYTES, parse_source, read_source

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bucket
    from millrace_job.s3_storage import S3Storage

ROWS = [[1.5, -2.0], [3.0, 4e-3], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]]
BODY = "1.5,-2\n3,4e-3\n5,6\n7,8\n9,10\n"


@pytest.mark.parametrize(
    "content",
    [
        BODY.encode(),
        b"x,y\n" + BODY.encode(),
        b"X, Y\n" + BODY.encode(),
        b'"x","y"\n' + BODY.encode(),
        b"\xef\xbb\xbfx,y\n" + BODY.encode(),
        b"\xef\xbb\xbf" + BODY.encode(),
        ("x,y\n" + BODY).replace("\n", "\r\n").encode(),
        ("x,y\n" + BODY).replace("\n", "\r").encode(),
        ("\n\nx,y\n\n" + BODY).encode(),
        BODY.rstrip("\n").encode(),
        b'"1.5","-2"\n 3 , 4e-3 \n5,6\n7,8\n9,10\n',
        b"y,x\n-2,1.5\n4e-3,3\n6,5\n8,7\n10,9\n",
    ],
    ids=[
        "no header", "header", "capitals", "quoted header", "byte order mark", "mark without header",
        "Windows line ends", "old Mac line ends", "empty lines", "no last line end", "quotes and spaces", "y before x",
    ],
)  # fmt: skip
def test_a_csv_of_two_columns_is_read(content: bytes) -> None:
    assert parse_source(content, "a.csv").tolist() == ROWS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv is empty"),
        (b" \r\n\n", "a.csv is empty"),
        (b"\xef\xbb\xbf", "a.csv is empty"),
        (b"x,y\n", "a.csv has 0 rows of data: at least 5"),
        (b"x,y\n1,2\n", "a.csv has 1 row of data: at least 5"),
        (b"1,2\n3,4\n5,6\n7,8\n", "a.csv has 4 rows of data: at least 5"),
        (b"Dear all,\nplease find attached", "a.csv, line 1: 'Dear all,' is neither the header x,y nor two numbers"),
        (b"a,b\n1,2\n", "a.csv, line 1: 'a,b' is neither the header"),
        (b"x\n1\n", "a.csv, line 1: 'x' is neither the header"),
        (b"x,y,z\n1,2,3\n", "a.csv, line 1: 'x,y,z' is neither the header"),
        (b"1\n2\n", "a.csv, line 1 has 1 column ('1'): exactly two are needed, x and y. Separate them with a comma."),
        (b"1;2\n3;4\n", "a.csv, line 1: '1;2' is neither the header x,y nor two numbers separated by a comma"),
        (b"1,2,3\n4,5,6\n", "a.csv, line 1 has 3 columns ('1,2,3'): exactly two"),
        (b"x,y\n1,2\n3,4,5\n", "a.csv, line 3 has 3 columns ('3,4,5'): exactly two"),
        (b"x,y\n1,2\n3\n", "a.csv, line 3 has 1 column ('3'): exactly two"),
        (b"x,y\n1,2\n\n3,abc\n", "a.csv, line 4, column y is 'abc', which is not a finite number"),
        (b"y,x\n1,2\nabc,4\n", "a.csv, line 3, column y is 'abc', which is not a finite number"),
        (b"1,2\nNaN,4\n", "a.csv, line 2, column x is 'NaN', which is not a finite number"),
        (b"1,2\n3,-inf\n", "a.csv, line 2, column y is '-inf', which is not a finite number"),
        (b"1,2\n3,1e999\n", "a.csv, line 2, column y is '1e999', which is not a finite number"),
        (b"1,2\n,4\n", "a.csv, line 2, column x is empty"),
        (b"1,2\n1_000,4\n", "a.csv, line 2, column x is '1_000', which is not a finite number"),
        (b"1,2\n# note,4\n", "a.csv, line 2, column x is '# note', which is not a finite number"),
        (b"1,2\n" + b"9" * 200_000 + b"x,4\n", "a.csv, line 2 can't be read as CSV: field larger"),
        (b"1,2\n3,\xe9\n", "a.csv, line 2: byte 0xe9 is not UTF-8 text"),
        (b"1,2\n3,\x004\n", "a.csv holds binary data"),
        (b"PK\x03\x04rest", "a.csv is a zip or Excel file"),
        (b"\x1f\x8brest", "a.csv is a gzip file"),
        (b"\xff\xfe1\x00,\x00", "a.csv is UTF-16 text"),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else_is_refused_in_plain_words(content: bytes, message: str) -> None:
    with pytest.raises(FatalError) as raised:
        parse_source(content, "a.csv")
    assert message in str(raised.value)
    assert len(str(raised.value)) < 400


@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=5, max_size=50))
def test_numbers_are_read_as_python_reads_them(rows: list[tuple[float, float]]) -> None:
    text = "\n".join(f"{x!r},{y!r}" for x, y in rows)
    assert parse_source(text.encode(), "a.csv").tolist() == [list(row) for row in rows]


@given(st.binary(max_size=80) | st.text(alphabet='0123456789.,-eE+ "\n\rxyna_;#', max_size=80).map(str.encode))
def test_any_bytes_give_finite_rows_or_a_reason(content: bytes) -> None:
    try:
        data = parse_source(content, "a.csv")
    except FatalError:
        return
    assert data.shape[1] == 2
    assert np.isfinite(data).all()


class _Context:
    """As much of a context as reading takes."""

    def __init__(self, artifacts: Artifacts) -> None:
        self.artifacts = artifacts


def context(storage: Any = None, scratch: Any = None) -> Any:
    return _Context(Artifacts(storage or LocalStorage(), "", scratch))


def test_200_mb_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(200_000_000)
    monkeypatch.setattr(LocalStorage, "open", lambda *_: pytest.fail("it was read"))
    with pytest.raises(FatalError, match=r"large\.csv has 200 MB: at most 50 MB are read"):
        read_source({"uri": str(large)}, context())


def test_the_limit_itself_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_BYTES == 50_000_000
    monkeypatch.setattr(source, "MAX_BYTES", len(BODY))
    (tmp_path / "a.csv").write_text(BODY)
    assert read_source({"uri": str(tmp_path / "a.csv")}, context()).tolist() == ROWS


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"gone\.csv: there is no such file\. Drop the file again"):
        read_source({"uri": str(tmp_path / "gone.csv")}, context())


def test_a_file_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ObjectForbidden("s3://b/a.csv: access is refused, or there is no such object")

    monkeypatch.setattr(LocalStorage, "stat", refuse)
    with pytest.raises(FatalError, match="allow the job's role"):
        read_source({"uri": "a.csv"}, context())


def test_a_dropped_file_becomes_the_dataset_at_the_version_that_was_dropped(bucket: Bucket, s3: S3Storage) -> None:
    uri = f"{bucket.uri}raw/ridge/my data + 50% ünï.csv"
    dropped = s3.put(uri, b"y,x\r\n" + BODY.encode(), media_type="text/csv")
    s3.put(uri, b"not a csv at all", media_type="text/csv")
    step = Step(f"{bucket.uri}runs/r/download/", "ridge.download", bucket.env)
    step.put_inputs(
        {
            0: {"scheduledAt": "2021-10-04T16:21:00.250Z", "source": {"uri": uri, "versionId": dropped.version_id}},
            1: {"scheduledAt": "2021-10-04T16:21:00Z", "source": {"uri": uri}},
        }
    )
    code, lines = step.run(MILLRACE_INDICES="0-1")
    assert code == 1, json.dumps(lines)

    output = step.read("0/1.1/_manifest.json")["output"]
    assert output["rows"] == 5
    assert output["file"]["uri"].endswith("/0/1.1/dataset_20211004162100.csv")
    assert s3.read(output["file"]["uri"])[0] == write_csv(np.array(ROWS)[:, ::-1])
    error = step.read("1/1.1/_error.json")
    assert error["retryable"] is False
    assert error["message"].startswith(f"{uri}, line 1: 'not a csv at all' is neither the header x,y")


def test_what_is_read_is_what_the_split_reads(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_bytes(write_csv(parse_source(BODY.encode(), "a.csv")))
    assert read_csv(tmp_path / "dataset.csv").tolist() == ROWS
