"""A small real HTTP server that answers as it is told: also what no decent utility would.

    with LyingUtility() as lying:
        lying.answer("/token", json={"access_token": "a"})
        lying.answer("/feed", body=b"<feed/>", headers={"Content-Length": "999999999"})

Each path keeps a queue of answers; the last one is given again for ever. Every request is kept in
`requests`. A path without an answer gets 404.
"""

from __future__ import annotations

import json as jsonlib
import socketserver
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What somebody sent."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form, each name once."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """What is sent back, byte for byte; Content-Length is only what `headers` say it is."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = (b"",)
    # Called before the body is sent, as to wait or to change something meanwhile.
    before: Callable[[], object] | None = None


class LyingUtility:
    """The server, on a free port of 127.0.0.1; a context manager. With `tls` it speaks https."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.leaving = threading.Event()
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leaving.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(
        self,
        path: str,
        status: int = 200,
        *,
        body: bytes = b"",
        json: object = None,
        headers: dict[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> None:
        """Give this answer next; Content-Length is right unless `headers` lie."""
        if json is not None:
            body = jsonlib.dumps(json).encode()
        told = {"Content-Type": "application/json" if json is not None else "application/atom+xml"}
        told |= {"Content-Length": str(len(body))} | (headers or {})
        self.answer_exactly(path, Answer(status, told, (body,), before))

    def answer_exactly(self, path: str, answer: Answer) -> None:
        """Give exactly this answer next; without a Content-Length it ends with the connection."""
        with self._lock:
            self._answers[path].append(answer)

    def forget(self, path: str) -> None:
        """Take back the answers of a path."""
        with self._lock:
            self._answers.pop(path, None)

    def trickle(self, path: str, *, headers: dict[str, str] | None = None) -> None:
        """Answer with a byte now and then, until the test is over."""
        self.answer_exactly(path, Answer(200, headers or {}, self._trickle()))

    def asked(self, path: str) -> list[Request]:
        """The requests for a path."""
        return [request for request in self.requests if request.path == path]

    def _trickle(self) -> Iterable[bytes]:
        while not self.leaving.wait(0.05):
            yield b" "

    def _next(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            answers = self._answers[request.path]
            if not answers:
                return Answer(404, {"Content-Length": "0"})
            return answers.pop(0) if len(answers) > 1 else answers[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    # A customer who leaves is not worth a traceback.
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def _handler(lying: LyingUtility) -> type[socketserver.BaseRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            request = Request(
                self.command,
                parts.path,
                parse_qs(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            answer = lying._next(request)
            if answer.before is not None:
                answer.before()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in answer.body:
                self.wfile.write(piece)
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (the base's words)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's word)
            pass

    return Handler
