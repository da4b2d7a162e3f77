"""A server of one file that redirects, refuses, makes one wait and hangs up, as it is told."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Answer:
    """What comes instead of the file: a status with headers, or a part of the file and then nothing."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    body: bytes = b""


@dataclass
class Server:
    """The file that it has, what it answers first, and what it was asked for."""

    content: bytes
    etag: str | None = '"one"'
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            _answer(self, server, server.answers.pop(0) if server.answers else Answer())

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever has read enough may hang up."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, server: Server, answer: Answer) -> None:
    if request.headers.get("if-match", server.etag) != server.etag:
        answer = Answer(status=412)
    if answer.status != 200:
        _send(request, answer.status, answer.headers, answer.body, len(answer.body))
        return
    asked = _range(request, server)
    headers = {**server.headers, **({"ETag": server.etag} if server.etag else {}), **answer.headers}
    if asked is None:
        status, body = 200, server.content
    else:
        status, body = 206, server.content[asked.start : asked.stop]
        headers.setdefault("Content-Range", f"bytes {asked.start}-{asked.stop - 1}/{len(server.content)}")
    _send(request, status, headers, body[: answer.cut_after], len(body))


def _range(request: BaseHTTPRequestHandler, server: Server) -> range | None:
    asked = request.headers.get("range")
    if asked is None or not server.ranges or request.headers.get("if-range", server.etag) != server.etag:
        return None
    first, last = asked.removeprefix("bytes=").split("-")
    return range(int(first), min(int(last) + 1, len(server.content)) if last else len(server.content))


def _send(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, length: int) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(length), **headers}.items():
        request.send_header(name, value)
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(body)
