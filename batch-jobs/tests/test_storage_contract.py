"""One contract for object storage; S3 and the local directory both keep it."""

from __future__ import annotations

import fcntl
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from millrace_job import s3_storage
from millrace_job.digest import sha256_of
from millrace_job.local_storage import LocalStorage
from millrace_job.storage import ConditionFailed, ObjectForbidden, ObjectNotFound, ObjectStorage, StorageError
from misbehaving_server import Answer, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Bucket
    from millrace_job.s3_storage import S3Storage

TEXT = "text/plain"
ODD_KEYS = [
    "with spaces/a b.csv",
    "plus+and+percent%20and%2F.csv",
    "question?versionId=1&x=#fragment.csv",
    "ünïcødé/模型/😀.csv",
    "quotes'\"`$(x)<>{shard}.csv",
    "trailing space ",
    "=key@colon:semi;comma,.csv",
]


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[ObjectStorage, str]:
    """A storage and a prefix in it."""
    if request.param == "local":
        return LocalStorage(), f"file://{tmp_path}/objects/"
    bucket: Bucket = request.getfixturevalue("bucket")
    storage: S3Storage = request.getfixturevalue("s3")
    return storage, bucket.uri


def test_what_is_put_is_read(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    stored = storage.put(f"{prefix}a/b.txt", b"content", media_type=TEXT, sha256=sha256_of(b"content"))

    with storage.open(f"{prefix}a/b.txt") as stream:
        assert (stream.read(3), stream.read()) == (b"con", b"tent")
    assert storage.read(f"{prefix}a/b.txt") == (b"content", stored)
    assert storage.stat(f"{prefix}a/b.txt") == stored
    assert stored.bytes == 7


def test_keys_with_odd_characters_name_objects_as_they_are(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    for key in ODD_KEYS:
        storage.put(f"{prefix}{key}", key.encode(), media_type=TEXT)
    assert [storage.read(f"{prefix}{key}")[0].decode() for key in ODD_KEYS] == ODD_KEYS


def test_a_file_is_put_as_its_bytes(place: tuple[ObjectStorage, str], tmp_path: Path) -> None:
    storage, prefix = place
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(range(256)) * 100)
    stored = storage.put(f"{prefix}file", file, media_type=TEXT, sha256=sha256_of(file))
    assert stored.bytes == 25_600
    assert storage.read(f"{prefix}file")[0] == file.read_bytes()


def test_a_put_replaces_and_changes_the_etag(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    before = storage.put(f"{prefix}a", b"1", media_type=TEXT)
    after = storage.put(f"{prefix}a", b"2", media_type=TEXT)
    assert storage.read(f"{prefix}a")[0] == b"2"
    assert before.etag != after.etag


def test_content_that_is_not_what_its_checksum_says_is_refused(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    with pytest.raises(StorageError):
        storage.put(f"{prefix}a", b"other", media_type=TEXT, sha256=sha256_of(b"content"))
    with pytest.raises(ObjectNotFound):
        storage.stat(f"{prefix}a")


def test_a_missing_object_is_not_found_by_any_way_of_reading(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    uri = f"{prefix}no such + thing"
    with pytest.raises(ObjectNotFound, match="no such"):
        storage.stat(uri)
    with pytest.raises(ObjectNotFound, match="no such"):
        storage.read(uri)
    with pytest.raises(ObjectNotFound, match="no such"), storage.open(uri):
        pass


def test_a_range_is_read_as_far_as_the_object_goes(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    uri = f"{prefix}ten"
    storage.put(uri, b"0123456789", media_type=TEXT)
    assert [storage.read_range(uri, first, 4) for first in (0, 3, 8, 10)] == [b"0123", b"3456", b"89", b""]
    with pytest.raises(ObjectNotFound, match="no such"):
        storage.read_range(f"{prefix}none", 0, 1)


def test_a_listing_has_what_is_below_a_prefix_page_after_page(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    names = {f"{number // 7}/{number:04d}.txt": number % 3 for number in range(1_050)}
    with ThreadPoolExecutor(8) as threads:
        puts = [
            threads.submit(storage.put, f"{prefix}in/{name}", b"x" * size, media_type=TEXT)
            for name, size in names.items()
        ]
        storage.put(f"{prefix}in and out", b"", media_type=TEXT)
        assert all(put.result() for put in puts)
    assert dict(storage.list(f"{prefix}in/")) == names
    assert list(storage.list(f"{prefix}nowhere/")) == []


def test_listed_names_are_as_they_were_put(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    for key in ODD_KEYS:
        storage.put(f"{prefix}odd/{key}", b"", media_type=TEXT)
    assert {name for name, _ in storage.list(f"{prefix}odd/")} == set(ODD_KEYS)


def test_a_put_if_none_match_leaves_what_is_there(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    storage.put(f"{prefix}claim", b"first", media_type=TEXT, if_none_match=True)
    with pytest.raises(ConditionFailed):
        storage.put(f"{prefix}claim", b"second", media_type=TEXT, if_none_match=True)
    assert storage.read(f"{prefix}claim")[0] == b"first"


@pytest.mark.parametrize("condition", ["none", "match"])
def test_of_racing_conditional_puts_one_wins(place: tuple[ObjectStorage, str], condition: str) -> None:
    storage, prefix = place
    etag = storage.put(f"{prefix}race", b"before", media_type=TEXT).etag if condition == "match" else None

    def put(racer: int) -> int | None:
        try:
            storage.put(f"{prefix}race", b"%d" % racer, media_type=TEXT, if_none_match=etag is None, if_match=etag)
        except ConditionFailed:
            return None
        return racer

    with ThreadPoolExecutor(8) as threads:
        winners = [racer for racer in threads.map(put, range(16)) if racer is not None]
    assert len(winners) == 1
    assert storage.read(f"{prefix}race")[0] == b"%d" % winners[0]


def test_a_put_if_match_needs_the_object_as_it_was_read(place: tuple[ObjectStorage, str]) -> None:
    storage, prefix = place
    first = storage.put(f"{prefix}pointer", b"1", media_type=TEXT)
    second = storage.put(f"{prefix}pointer", b"2", media_type=TEXT, if_match=first.etag)
    with pytest.raises(ConditionFailed):
        storage.put(f"{prefix}pointer", b"3", media_type=TEXT, if_match=first.etag)
    assert storage.read(f"{prefix}pointer") == (b"2", second)


def test_s3_reads_the_version_that_is_asked_for(s3: S3Storage, bucket: Bucket) -> None:
    uri = f"{bucket.uri}versioned"
    first = s3.put(uri, b"first", media_type=TEXT)
    s3.put(uri, b"the second", media_type=TEXT)
    with s3.open(uri, first.version_id) as stream:
        assert stream.read() == b"first"
    assert s3.stat(uri, first.version_id).bytes == 5
    with pytest.raises(ObjectNotFound, match="version"), s3.open(uri, "0" * 32):
        pass


def test_s3_reads_a_range_of_the_version_that_is_asked_for(s3: S3Storage, bucket: Bucket) -> None:
    uri = f"{bucket.uri}versioned"
    first = s3.put(uri, b"first", media_type=TEXT)
    s3.put(uri, b"the second", media_type=TEXT)
    assert s3.read_range(uri, 1, 99, first.version_id) == b"irst"


def test_s3_takes_a_large_file_in_parts(
    s3: S3Storage, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = 5 * 1024 * 1024
    monkeypatch.setattr(s3_storage, "MULTIPART_BYTES", part)
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * part + b"y" * 1000)
    stored = s3.put(f"{bucket.uri}a + b/large", file, media_type=TEXT)
    assert stored.bytes == part + 1000
    assert stored.version_id
    assert sha256_of(s3.read(f"{bucket.uri}a + b/large")[0]) == sha256_of(file)


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://bucket/", "s3:///key", "http://bucket/key"])
def test_s3_refuses_an_invalid_object_uri(uri: str) -> None:
    with pytest.raises(StorageError, match="s3://bucket/key"):
        s3_storage.split_s3_uri(uri)


def test_a_local_folder_is_not_an_object(tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFound, match="folder"):
        LocalStorage().stat(str(tmp_path))


@pytest.mark.parametrize(("conflicts", "wins"), [(2, True), (99, False)])
def test_s3s_conflicting_writes_are_tried_again(
    s3: S3Storage, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, conflicts: int, wins: bool
) -> None:
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": "ConditionalRequestConflict"}, "ResponseMetadata": {"HTTPStatusCode": 409}}
    put_object, calls = s3._client.put_object, itertools.count(1)

    def conflict(**request: Any) -> Any:
        if next(calls) <= conflicts:
            raise ClientError(answer, "PutObject")  # type: ignore[arg-type]
        return put_object(**request)

    monkeypatch.setattr(s3._client, "put_object", conflict)
    monkeypatch.setattr(s3_storage, "CONFLICT_PAUSES", (0, 0, 0))
    if wins:
        assert s3.put(f"{bucket.uri}claim", b"x", media_type=TEXT, if_none_match=True).bytes == 1
    else:
        with pytest.raises(StorageError, match="conflicting"):
            s3.put(f"{bucket.uri}claim", b"x", media_type=TEXT, if_none_match=True)


def test_a_local_put_if_match_waits_for_the_one_before(tmp_path: Path) -> None:
    storage, uri = LocalStorage(), f"{tmp_path}/pointer"
    etag = storage.put(uri, b"1", media_type=TEXT).etag
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(storage.put, uri, b"2", media_type=TEXT, if_match=etag)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        os.close(folder)
        assert waiting.result(5).bytes == 1


def test_forbidden_and_missing_objects_are_distinguished(
    s3: S3Storage, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": {"HTTPStatusCode": 403}}

    def refuse(**_: str) -> None:
        raise ClientError(answer, "HeadObject")  # type: ignore[arg-type]

    monkeypatch.setattr(s3._client, "head_object", refuse)
    with pytest.raises(ObjectForbidden, match="refused"):
        s3.stat(f"{bucket.uri}a")


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch, aws_env: dict[str, str]) -> Iterator[tuple[S3Storage, Server]]:
    """A storage, and the server that it asks in place of S3, which has ten bytes and may break off."""
    for name, value in aws_env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3_storage, "RESUME_PAUSES", (0, 0))
    with serving(Server(b"0123456789")) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield s3_storage.S3Storage(s3_storage.s3_client()), server


def test_a_read_continues_after_its_connection_breaks(breaking: tuple[S3Storage, Server]) -> None:
    storage, server = breaking
    server.answers = [Answer(cut_after=7), Answer(cut_after=0)]
    assert storage.read("s3://b/k")[0] == b"0123456789"
    assert len(server.asked) == 3


def test_a_stream_is_read_on_where_its_connection_broke(breaking: tuple[S3Storage, Server]) -> None:
    storage, server = breaking
    server.answers = [Answer(cut_after=4), Answer(cut_after=3)]
    with storage.open("s3://b/k", "v1") as stream:
        assert [stream.read(3) for _ in range(5)] == [b"012", b"345", b"678", b"9", b""]
    asked = [(path, headers.get("range"), headers.get("if-match")) for path, headers in server.asked]
    assert asked == [
        ("/b/k?versionId=v1", None, None),
        ("/b/k?versionId=v1", "bytes=4-", '"one"'),
        ("/b/k?versionId=v1", "bytes=7-", '"one"'),
    ]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_range_whose_connection_breaks_is_read_to_its_end(breaking: tuple[S3Storage, Server], ranges: bool) -> None:
    storage, server = breaking
    server.ranges = ranges
    server.answers = [Answer(cut_after=3 if ranges else 7)]
    assert storage.read_range("s3://b/k", 4, 4) == b"4567"
    assert [headers["range"] for _, headers in server.asked] == ["bytes=4-7", "bytes=7-7"]


def test_an_object_that_was_replaced_after_a_connection_broke_is_not_read_on(
    breaking: tuple[S3Storage, Server],
) -> None:
    storage, server = breaking
    server.answers = [Answer(cut_after=4)]
    with storage.open("s3://b/k") as stream:
        assert stream.read(4) == b"0123"
        server.content, server.etag = b"abcdefghij", '"two"'
        with pytest.raises(ConditionFailed, match="has changed"):
            stream.read(3)


def test_a_connection_that_breaks_again_and_again_is_an_error(breaking: tuple[S3Storage, Server]) -> None:
    storage, server = breaking
    server.answers = [Answer(cut_after=4)] * 9
    with pytest.raises(StorageError, match=r"s3://b/k: .*read"):
        storage.read("s3://b/k")
    assert len(server.asked) == 3
