"""Downloads a file by HTTP from a server that may be slow or busy, or may break the connection."""

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
# Maximum number of consecutive tries that receive no byte.
MAX_TRIES = 6
# For a longer wait, the job ends and asks the engine for a later retry, so that no machine waits at a cost.
MAX_WAIT = 60.0
MAX_RETRY_AFTER = 86_400.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class DownloadRefused(FatalError):
    """The server doesn't have the file or doesn't give it to us, or the file isn't the expected one."""


class DownloadFailed(Exception):
    """The server couldn't be reached, or failed too often. A later try may succeed."""


@dataclass(frozen=True)
class Request:
    """A request. `headers` are sent only to the host of `url`, so that no redirect gets credentials."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    on_refusal: str = "Check the address."
    """What to do if the server refuses access."""


@dataclass
class Download:
    """A finished download: the number of requests, and the address that answered, without its query."""

    address: str = ""
    requests: int = 0


@dataclass(frozen=True)
class _Found:
    """The server's first description of the file. All later answers must be about the same file."""

    etag: str | None
    md5: bytes | None
    total: int | None


class _FailedTry(Exception):
    """A try that failed. `seconds` is how long the server asks to wait; None if it doesn't ask."""

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
    """Downloads into a file. If the connection breaks and the server's file is still the same by its entity tag
    (RFC 9110, 13.1.5), the download resumes at that place. Otherwise it begins again.

    The file must have the SHA-256 `sha256` (hex). `on_progress` gets the number of bytes so far and the total, which is
    None if the server doesn't report it.

    Raises:
        DownloadRefused: a retry can't help: no such file, no permission, too large, or another checksum.
        RetryAfter: the server asks for a wait of more than a minute.
        DownloadFailed: MAX_TRIES tries in a row have failed.
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
    """An address without its query, which may contain a signature, and without its password, for messages."""
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
        """Makes one try that continues at the end of the file. Raises `_FailedTry` if it didn't receive the rest."""
        try:
            # Begins at the first address again, because the target of an earlier redirect may no longer be valid.
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
            # A redirect must not lead to an unencrypted address, nor to one that only this machine can reach, such as
            # the HTTP address of its own credentials.
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
        # read1 returns the bytes that have arrived. If the connection breaks, read would lose the part of a piece that
        # it has received so far.
        while piece := response.read1(PIECE_BYTES):
            self._file.write(piece)
            self._check_size(self._file.tell())
            self._report(self._file.tell(), total)
        if total is not None and self._file.tell() < total:
            raise _FailedTry("the connection was cut")

    def _begin(self, response: BaseHTTPResponse) -> None:
        """Begins the whole file again, and discards the bytes so far."""
        self._file.seek(0)
        self._file.truncate()
        length = response.headers.get("content-length")
        total = int(length) if length is not None and length.isdigit() else None
        self._check_size(total or 0)
        etag = response.headers.get("etag")
        # A weak tag doesn't promise the same bytes.
        strong = etag if etag is not None and not etag.startswith("W/") else None
        self.found = _Found(strong, _md5(response.headers.get("x-goog-hash")), total)

    def _continues(self, response: BaseHTTPResponse) -> bool:
        answer = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", ""))
        if answer is not None and int(answer[1]) == self._file.tell():
            return True
        self._restart()
        raise _FailedTry("the server sent a range that was not requested")

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
            raise DownloadRefused(f"{address} answered {status}: access is denied. {self._request.on_refusal}")
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
        # The server's MD5 only shows errors of the transfer. It proves nothing else.
        with path.open("rb") as file:
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
        if md5 != found.md5:
            raise DownloadFailed(f"{shown(url)}: the received bytes don't have the MD5 that the server gave")
    if sha256 is not None:
        arrived = sha256_of(path)
        if arrived != sha256:
            raise DownloadRefused(
                f"{shown(url)} has SHA-256 {arrived}, not {sha256}: it has changed, or is another file. "
                "Look at what it is before you name its checksum."
            )


def _md5(header: str | None) -> bytes | None:
    """The MD5 in the checksum header of Google Cloud Storage: `crc32c=…,md5=…` in base64."""
    match = re.search(r"md5=([A-Za-z0-9+/=]{24})", header or "")
    return base64.b64decode(match[1]) if match else None


def _retry_after(response: BaseHTTPResponse) -> float | None:
    """How many seconds the answer asks to wait. The header has a number or a time (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
