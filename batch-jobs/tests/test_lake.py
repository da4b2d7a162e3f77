from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millrace_job.lake import Lake
from millrace_job.storage import ObjectNotFound

if TYPE_CHECKING:
    from conftest import Bucket
    from millrace_job.s3_storage import S3Storage

TEXT = "text/plain"


@pytest.fixture
def lake(s3: S3Storage, bucket: Bucket) -> Lake:
    return Lake(s3, f"{bucket.uri}lake/probe/")


def test_what_is_there_is_never_written_again(lake: Lake) -> None:
    assert lake.add("a/1.txt", b"first", media_type=TEXT)
    assert not lake.add("a/1.txt", b"second", media_type=TEXT)
    assert lake.read("a/1.txt") == b"first"


def test_a_folder_lists_its_names_and_sizes(lake: Lake) -> None:
    for name in ("a/1.txt", "a/b/2.txt", "ab/3.txt"):
        lake.add(name, name.encode(), media_type=TEXT)
    assert dict(lake.list("a/")) == {"1.txt": 7, "b/2.txt": 9}


def test_missing_objects_are_not_found(lake: Lake) -> None:
    with pytest.raises(ObjectNotFound):
        lake.read("none")
