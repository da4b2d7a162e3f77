"""Fetching, from a server that behaves as servers do."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from job_context import make_context
from millrace_job import FatalError, RetryAfter
from millrace_job.aws_client import aws_client
from millrace_job.digest import sha256_of
from millrace_job.secrets import PATH_VARIABLE, SecretMissing
from misbehaving_server import Answer, Server, serving
from poem_archives import generated
from poems import jobs, sources
from poems.download import Download, DownloadFailed, DownloadRefused, Request, download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from millrace_job.s3_storage import S3Storage

CONTENT = b"PK\x03\x04" + bytes(range(256)) * 20_000


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers that last as long as the test."""
    with ExitStack() as stack:
        yield lambda *answers, **options: stack.enter_context(
            serving(Server(**{"content": CONTENT, **options}, answers=list(answers)))
        )


class Fetched:
    """Downloads without waiting, and notes for how long it would have waited."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fetched"
        self.waits: list[float] = []
        self.reports: list[tuple[int, int | None]] = []

    def __call__(self, server: Server, path: str = "/a.zip", **options: Any) -> Download:
        request = Request(f"{server.url}{path}", options.pop("headers", {}), "Look at the terms.")
        return download(
            request,
            self.path,
            **{"max_bytes": 10**9, **options},
            sleep=self.waits.append,
            on_progress=lambda done, total: self.reports.append((done, total)),
        )

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()


@pytest.fixture
def fetched(tmp_path: Path) -> Fetched:
    return Fetched(tmp_path)


def test_a_file_arrives_unchanged_and_progress_is_reported(serve: Callable[..., Server], fetched: Fetched) -> None:
    server = serve()
    result = fetched(server, "/a.zip?signature=secret", sha256=sha256_of(CONTENT))
    assert fetched.content == CONTENT
    assert result == Download(f"{server.url}/a.zip", 1)
    assert fetched.reports[-1] == (len(CONTENT), len(CONTENT))


def test_a_cut_connection_is_taken_up_where_it_was(serve: Callable[..., Server], fetched: Fetched) -> None:
    server = serve(Answer(cut_after=2_000_000), Answer(cut_after=1_000_000))
    assert fetched(server).requests == 3
    assert fetched.content == CONTENT
    asked = [headers.get("range") for _, headers in server.asked]
    assert asked[0] is None
    assert [int(text.removeprefix("bytes=")[:-1]) for text in asked[1:] if text] == [2_000_000, 3_000_000]
    assert [headers.get("if-range") for _, headers in server.asked[1:]] == ['"one"'] * 2


def test_a_file_that_changed_meanwhile_is_read_again(serve: Callable[..., Server], fetched: Fetched) -> None:
    server = serve(Answer(cut_after=2_000_000))

    def wait(seconds: float) -> None:
        server.content, server.etag = CONTENT[::-1], '"two"'

    download(Request(f"{server.url}/a.zip"), fetched.path, max_bytes=10**9, sleep=wait)
    assert fetched.content == CONTENT[::-1]


@pytest.mark.parametrize("options", [{"etag": None}, {"etag": 'W/"weak"'}, {"ranges": False}])
def test_without_a_way_to_go_on_it_begins_again(
    serve: Callable[..., Server], fetched: Fetched, options: dict[str, Any]
) -> None:
    server = serve(Answer(cut_after=2_000_000), **options)
    fetched(server)
    assert fetched.content == CONTENT
    # A tag that is weak does not promise the same bytes.
    assert all(("range" in headers) == (options == {"ranges": False}) for _, headers in server.asked[1:])


def test_a_range_that_was_not_requested_is_refused(serve: Callable[..., Server], fetched: Fetched) -> None:
    wrong = {"Content-Range": f"bytes 5-{len(CONTENT) - 1}/{len(CONTENT)}"}
    fetched(serve(Answer(cut_after=2_000_000), Answer(headers=wrong)))
    assert fetched.content == CONTENT


def test_redirects_are_followed_and_credentials_stay_with_their_host(
    serve: Callable[..., Server], fetched: Fetched
) -> None:
    store = serve(Answer(cut_after=1_000_000))
    to_store = Answer(302, {"Location": f"{store.url}/signed?key=secret"})
    server = serve(Answer(307, {"Location": "/b.zip"}), to_store, to_store)
    assert fetched(server, headers={"authorization": "Basic abc"}).address == f"{store.url}/signed"
    assert fetched.content == CONTENT
    assert [headers.get("authorization") for _, headers in server.asked] == ["Basic abc"] * 3
    assert [headers.get("authorization") for _, headers in store.asked] == [None] * 2
    # What was cut is asked for at the first address again: a signed one may have run out.
    assert [path for path, _ in server.asked] == ["/a.zip", "/b.zip", "/a.zip"]


def test_redirects_end_somewhere(serve: Callable[..., Server], fetched: Fetched) -> None:
    with pytest.raises(DownloadRefused, match="more than 5 times"):
        fetched(serve(*[Answer(301, {"Location": "/a.zip"})] * 9))


def test_a_redirect_out_of_https_is_refused(monkeypatch: pytest.MonkeyPatch, fetched: Fetched) -> None:
    import urllib3

    class Redirect:
        status, headers = 302, {"location": "http://169.254.170.2/v2/credentials?x"}

        def close(self) -> None:
            pass

    monkeypatch.setattr(urllib3.PoolManager, "request", lambda *_, **__: Redirect())
    with pytest.raises(
        DownloadRefused, match=r"redirects to http://169\.254\.170\.2/v2/credentials, which is no HTTPS"
    ):
        download(Request("https://example.org/a.zip"), fetched.path, max_bytes=10)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "answered 401: access is denied. Look at the terms."),
        (403, "answered 403: access is denied. Look at the terms."),
        (404, "answered 404: there is no such file. Look at the terms."),
        (410, "answered 410: there is no such file"),
        (418, "answered 418 I'm a Teapot, which is no download"),
    ],
)
def test_a_refusal_ends_it_with_what_to_do(
    serve: Callable[..., Server], fetched: Fetched, status: int, message: str
) -> None:
    server = serve(Answer(status, body=b"your password was wrong"))
    with pytest.raises(DownloadRefused) as refusal:
        fetched(server, "/a.zip?token=secret")
    assert message in str(refusal.value)
    assert "secret" not in str(refusal.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_waited_for_as_long_as_it_asks(
    serve: Callable[..., Server], fetched: Fetched, status: int
) -> None:
    fetched(serve(Answer(status, {"Retry-After": "7"}), Answer(status, {"Retry-After": "0"}), Answer(status)))
    assert fetched.content == CONTENT
    assert fetched.waits == [7, 0, 4]


def test_a_time_to_come_back_may_be_a_date(serve: Callable[..., Server], fetched: Fetched) -> None:
    fetched(serve(Answer(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), Answer(429, {"Retry-After": "soon"})))
    assert fetched.waits == [0, 2]


def test_a_long_wait_is_left_to_the_engine(serve: Callable[..., Server], fetched: Fetched) -> None:
    with pytest.raises(RetryAfter, match="answered 429") as asked:
        fetched(serve(Answer(429, {"Retry-After": "3600"})))
    assert asked.value.seconds == 3600


def test_a_server_that_fails_again_and_again_is_given_up(serve: Callable[..., Server], fetched: Fetched) -> None:
    server = serve(*[Answer(500)] * 99)
    with pytest.raises(DownloadFailed, match="answered 500 Internal Server Error, 6 times in a row"):
        fetched(server)
    assert fetched.waits == [1, 2, 4, 8, 16]


def test_a_connection_may_be_cut_more_often_than_that_as_long_as_something_comes(
    serve: Callable[..., Server], fetched: Fetched
) -> None:
    fetched(serve(*[Answer(cut_after=200_000)] * 12))
    assert fetched.content == CONTENT


def test_an_unreachable_server_is_reported(serve: Callable[..., Server], fetched: Fetched) -> None:
    with pytest.raises(DownloadFailed, match="connection failed"):
        fetched(Server(b"", port=1))


def test_more_than_allowed_is_not_downloaded(serve: Callable[..., Server], fetched: Fetched) -> None:
    with pytest.raises(DownloadRefused, match=r"more than 1,000 bytes \(maxBytes\)"):
        fetched(serve(), max_bytes=1000)
    assert fetched.content == b""


def test_more_bytes_than_announced_are_refused(serve: Callable[..., Server], fetched: Fetched) -> None:
    fetched(serve(Answer(headers={"Content-Length": "1000"})), max_bytes=1000)
    assert fetched.content == CONTENT[:1000]


def test_another_checksum_than_expected_is_refused(serve: Callable[..., Server], fetched: Fetched) -> None:
    with pytest.raises(DownloadRefused, match=f"has SHA-256 {sha256_of(CONTENT)}, not 000"):
        fetched(serve(), sha256="0" * 64)


@pytest.mark.parametrize("right", [True, False])
def test_a_checksum_from_the_server_is_checked(serve: Callable[..., Server], fetched: Fetched, right: bool) -> None:
    md5 = base64.b64encode(hashlib.md5(CONTENT if right else b"").digest()).decode()
    server = serve(headers={"x-goog-hash": f"crc32c=AAAAAA==,md5={md5}"})
    if right:
        fetched(server)
    else:
        with pytest.raises(DownloadFailed, match="don't have the MD5"):
            fetched(server)


class TestJob:
    @pytest.fixture(autouse=True)
    def kaggle(
        self, s3: S3Storage, serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.server = serve(content=generated(tmp_path / "poems.zip").read_bytes())
        monkeypatch.setattr(sources, "KAGGLE", self.server.url)
        monkeypatch.setenv(PATH_VARIABLE, "/millrace/test/")
        self.folder = tmp_path

    def keep(self, value: str) -> None:
        aws_client("ssm").put_parameter(Name="/millrace/test/kaggle", Value=value, Type="SecureString", Overwrite=True)

    def fetch(self, source: dict[str, Any]) -> Any:
        asked: Any = {"source": source, "maxBytes": 10**9}
        return jobs.fetch(asked, make_context(self.folder, asked))

    def test_a_data_set_of_kaggles_becomes_an_artifact(self) -> None:
        self.keep(json.dumps({"username": "ana", "key": "0123"}))
        output = self.fetch({"dataset": "owner/poems", "version": 3})
        assert output["archive"]["sha256"] == sha256_of(self.folder / "poems.zip")
        assert output["archive"]["mediaType"] == "application/zip"
        assert output["from"] == f"{self.server.url}/api/v1/datasets/download/owner/poems"
        ((path, headers),) = self.server.asked
        assert path == "/api/v1/datasets/download/owner/poems?datasetVersionNumber=3"
        assert headers["authorization"] == f"Basic {base64.b64encode(b'ana:0123').decode()}"

    @pytest.mark.parametrize("value", ["ana:0123", "[]", '{"username": "ana"}'])
    def test_malformed_credentials_are_reported_and_not_shown(self, value: str) -> None:
        self.keep(value)
        with pytest.raises(SecretMissing, match=r"kaggle is not of the form") as raised:
            self.fetch({"dataset": "owner/poems"})
        assert "ana" not in str(raised.value)
        assert self.server.asked == []

    def test_a_page_in_place_of_a_zip_is_refused(self) -> None:
        self.server.content = b"<html>Sign in</html>"
        with pytest.raises(FatalError, match=r"a\.zip is no zip: see what a browser gets there"):
            self.fetch({"url": f"{self.server.url}/a.zip"})
