from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from millrace_job.artifact import RANGE_BYTES
from millrace_job.range_reader import RangeReader

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bucket
    from millrace_job.s3_storage import S3Storage

CONTENT = bytes(range(256)) * 4

MOVES = st.one_of(
    st.tuples(st.just("read"), st.integers(-1, 400), st.just(0)),
    st.tuples(st.just("seek"), st.integers(0, 1100), st.just(io.SEEK_SET)),
    st.tuples(st.just("seek"), st.integers(-1024, 50), st.just(io.SEEK_END)),
)


@given(st.lists(MOVES), st.integers(1, 300))
def test_it_reads_and_seeks_as_a_file_does(moves: list[tuple[str, int, int]], buffer: int) -> None:
    file = io.BytesIO(CONTENT)
    reader = RangeReader(len(CONTENT), lambda first, count: CONTENT[first : first + count])
    stream = io.BufferedReader(reader, buffer)
    for kind, number, whence in moves:
        if kind == "read":
            assert stream.read(number) == file.read(number)
        else:
            assert stream.seek(number, whence) == file.seek(number, whence)
        assert stream.tell() == file.tell()


def test_reading_on_asks_for_large_ranges_however_little_is_read_at_once() -> None:
    asked: list[tuple[int, int]] = []

    def read_range(first: int, count: int) -> bytes:
        asked.append((first, count))
        return b"x" * count

    size = 2 * RANGE_BYTES + 10
    stream = io.BufferedReader(RangeReader(size, read_range), RANGE_BYTES)
    while stream.read(100_000):
        pass
    assert asked == [(0, RANGE_BYTES), (RANGE_BYTES, RANGE_BYTES), (2 * RANGE_BYTES, 10)]


def test_it_reads_on_in_the_version_that_it_began_with(s3: S3Storage, bucket: Bucket, tmp_path: Path) -> None:
    from millrace_job.artifact import Artifacts

    uri = f"{bucket.uri}archive.zip"
    s3.put(uri, b"before", media_type="text/plain")
    with Artifacts(s3, bucket.uri, tmp_path).open_seekable(uri) as stream:
        s3.put(uri, b"after!", media_type="text/plain")
        assert stream.read() == b"before"
