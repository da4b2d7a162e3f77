"""Downloads a file by HTTP from a server that may be slow, busy, or hang up in the middle."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import urllib3

from millrace_job import FatalError, RetryAfter
from millrace_job.digest import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from urllib3.response import BaseHTTPResponse

PIECE_BYTES = 1024 * 1024
MAX_REDIRECTS = 5
# Tries in a row that bring not a byte.
MAX_TRIES = 6
# A longer wait is asked of the engine, so that nobody pays for a machine that waits.
MAX_WAIT = 60.0
MAX_RETRY_AFTER = 86_400.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class DownloadRefused(FatalError):
    """The server has no such file for us, or it is not what it should be."""


class DownloadFailed(Exception):
    """The server could not be reached, or failed too often; later it may work."""


@dataclass(frozen=True)
class Request:
    """What is asked for. `headers` go to the host of `url` alone, so that a redirect takes no credentials along."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    on_refusal: str = "Check the address."
    """What to do when the server answers that we may not have it."""


@dataclass
class Download:
    """A finished download: the address that answered, without its query, and the number of requests."""

    address: str = ""
    requests: int = 0


@dataclass(frozen=True)
class _Found:
    """What the server told of the file with its first answer: all that comes later must belong to it."""

    etag: str | None
    md5: bytes | None
    total: int | None


class _FailedTry(Exception):
    """A try that failed. `seconds`: how long the server asks to wait, if it does."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


def download(
    request: Request,
    path: Path,
    *,
    max_bytes: int,
    sha256: str | None = None,
    on_progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Download:
    """Downloads into a file. A connection that is cut is taken up again where it was, if the file is still the same by
    its entity tag (RFC 9110, 13.1.5), and else from the beginning.

    `sha256` (hex) is what the file must have. `on_progress` gets the bytes so far and the total, or None if the server
    doesn't report it.

    Raises:
        DownloadRefused: a retry can't help: no such file, no right to it, too large, another checksum.
        RetryAfter: the server asks to come back later than in a minute.
        DownloadFailed: it failed so many times in a row.
    """
    result = Download()
    with (
        urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=10, read=60)) as http,
        path.open("w+b") as file,
    ):
        fetcher = _Fetcher(http, request, file, max_bytes, on_progress, result)
        tries = 0
        while True:
            before = file.tell()
            try:
                fetcher.go_on()
                break
            except _FailedTry as fault:
                tries = 1 if file.tell() > before else tries + 1
                if tries >= MAX_TRIES:
                    raise DownloadFailed(f"{shown(request.url)}: {fault}, {tries} times in a row") from fault
                seconds = fault.seconds if fault.seconds is not None else 2.0 ** (tries - 1)
                if seconds > MAX_WAIT:
                    raise RetryAfter(seconds, f"{shown(request.url)}: {fault}") from fault
                sleep(seconds)
    _check(path, request.url, fetcher.found, sha256)
    return result


def shown(url: str) -> str:
    """An address as messages may have it: no query, which may hold a signature, and no password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class _Fetcher:
    def __init__(
        self,
        http: urllib3.PoolManager,
        request: Request,
        file: BinaryIO,
        max_bytes: int,
        on_progress: Callable[[int, int | None], None],
        result: Download,
    ) -> None:
        self._http = http
        self._request = request
        self._file = file
        self._max_bytes = max_bytes
        self._report = on_progress
        self._result = result
        self.found: _Found | None = None

    def go_on(self) -> None:
        """One try, from where the file ends; raises `_FailedTry` when it didn't bring all."""
        try:
            # From the first address, though a redirect was followed before: what it led to may not be valid any more.
            response = self._answer(self._request.url)
            try:
                self._take(response)
            finally:
                response.close()
        except urllib3.exceptions.HTTPError as error:
            raise _FailedTry(f"the connection failed ({type(error).__name__})") from error

    def _answer(self, url: str) -> BaseHTTPResponse:
        host, redirects = urlsplit(url).netloc, 0
        while True:
            own = self._request.headers if urlsplit(url).netloc == host else {}
            self._result.requests += 1
            response = self._http.request(
                "GET", url, headers={**self._standard(), **own}, redirect=False, preload_content=False
            )
            if response.status not in REDIRECTS:
                self._result.address = shown(url)
                return response
            response.close()
            redirects += 1
            target = urljoin(url, response.headers.get("location", ""))
            if redirects > MAX_REDIRECTS:
                raise DownloadRefused(f"{shown(self._request.url)} redirects more than {MAX_REDIRECTS} times")
            # Neither in the clear, nor to what only this machine can reach, such as its own credentials by HTTP.
            if url.startswith("https:") and not target.startswith("https:"):
                raise DownloadRefused(f"{shown(url)} redirects to {shown(target)}, which is no HTTPS address")
            url = target

    def _standard(self) -> dict[str, str]:
        headers = {"accept-encoding": "identity", "user-agent": "millrace"}
        done = self._file.tell()
        if done > 0 and self.found is not None and self.found.etag is not None:
            return {**headers, "range": f"bytes={done}-", "if-range": self.found.etag}
        return headers

    def _take(self, response: BaseHTTPResponse) -> None:
        if response.status == 200:
            self._begin(response)
        elif response.status != 206 or not self._continues(response):
            self._refuse(response)
        total = self.found.total if self.found else None
        # read1 gives what has come; read would lose up to a piece of it when the connection is cut.
        while piece := response.read1(PIECE_BYTES):
            self._file.write(piece)
            self._check_size(self._file.tell())
            self._report(self._file.tell(), total)
        if total is not None and self._file.tell() < total:
            raise _FailedTry("the connection was cut")

    def _begin(self, response: BaseHTTPResponse) -> None:
        """The whole file, from its beginning, whatever was there before."""
        self._file.seek(0)
        self._file.truncate()
        length = response.headers.get("content-length")
        total = int(length) if length is not None and length.isdigit() else None
        self._check_size(total or 0)
        etag = response.headers.get("etag")
        # A weak tag does not promise the same bytes.
        strong = etag if etag is not None and not etag.startswith("W/") else None
        self.found = _Found(strong, _md5(response.headers.get("x-goog-hash")), total)

    def _continues(self, response: BaseHTTPResponse) -> bool:
        answer = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", ""))
        if answer is not None and int(answer[1]) == self._file.tell():
            return True
        self._restart()
        raise _FailedTry("the server sent another range than was asked for")

    def _restart(self) -> None:
        self.found = None
        self._file.seek(0)
        self._file.truncate()

    def _refuse(self, response: BaseHTTPResponse) -> None:
        status, address = response.status, shown(self._request.url)
        if status == 416:
            self._restart()
            raise _FailedTry("the file has changed and is shorter now")
        if status in PASSING:
            raise _FailedTry(f"the server answered {status} {response.reason or ''}".rstrip(), _retry_after(response))
        if status in (401, 403):
            raise DownloadRefused(f"{address} answered {status}: we may not have it. {self._request.on_refusal}")
        if status in (404, 410):
            raise DownloadRefused(f"{address} answered {status}: there is no such file. {self._request.on_refusal}")
        raise DownloadRefused(f"{address} answered {status} {response.reason or ''}, which is no download")

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise DownloadRefused(
                f"{shown(self._request.url)} has more than {self._max_bytes:,} bytes (maxBytes). "
                "Raise the limit if that is what you expect."
            )


def _check(path: Path, url: str, found: _Found | None, sha256: str | None) -> None:
    if found is not None and found.md5 is not None:
        # For errors on the way alone, against what the server says: MD5 proves nothing else.
        with path.open("rb") as file:
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
        if md5 != found.md5:
            raise DownloadFailed(f"{shown(url)}: what arrived has not the MD5 that the server told")
    if sha256 is not None:
        arrived = sha256_of(path)
        if arrived != sha256:
            raise DownloadRefused(
                f"{shown(url)} has SHA-256 {arrived}, not {sha256}: it has changed, or is another file. "
                "Look at what it is before you name its checksum."
            )


def _md5(header: str | None) -> bytes | None:
    """The MD5 in Google Cloud Storage's header of checksums, `crc32c=…,md5=…` in base64."""
    match = re.search(r"md5=([A-Za-z0-9+/=]{24})", header or "")
    return base64.b64decode(match[1]) if match else None


def _retry_after(response: BaseHTTPResponse) -> float | None:
    """Seconds that the answer asks to wait: a number, or a time (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
