"""Owns an HTTP server whose answers a test decides, with connections that break where it says."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    method: str = "GET"


@dataclass
class Reply:
    """One answer. `cut_after` breaks the connection after so many bytes of the body, once `held`
    is set where it is given. `zeros` is a body of so many of them."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    held: threading.Event | None = None
    zeros: int = 0

    def pieces(self) -> Iterator[bytes]:
        """The body, of which little is in memory at a time."""
        yield self.body[: self.cut_after]
        for start in range(0, self.zeros, _PIECE):
            yield bytes(min(_PIECE, self.zeros - start))


Answering = Callable[[Asked], Reply]


@dataclass
class Edge:
    """A running server: where it is, what it was asked, and who answers."""

    address: str
    answer: Answering
    asked: list[Asked] = field(default_factory=list)

    def ranges(self) -> list[str]:
        return [asked.headers.get("range", "") for asked in self.asked]


def ranged(asked: Asked, content: bytes, **headers: str) -> Reply:
    """Answers as a file server does: with the part that is asked for, if it is of this content."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    named = {"etag": etag, **{name.replace("_", "-"): value for name, value in headers.items()}}
    wanted = asked.headers.get("range", "")
    if_range = asked.headers.get("if-range")
    if not wanted or (if_range and if_range != named["etag"]):
        return Reply(200, content, named)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start, end = int(first), int(last) if last else len(content) - 1
    if start >= len(content):
        return Reply(416, b"", {"content-range": f"bytes */{len(content)}"})
    end = min(end, len(content) - 1)
    span = {"content-range": f"bytes {start}-{end}/{len(content)}"}
    return Reply(206, content[start : end + 1], {**named, **span})


@contextlib.contextmanager
def edge_server(answer: Answering) -> Iterator[Edge]:
    """Starts a server on a loopback port of its own."""
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            asked = Asked(unquote(parts.path), query, headers, body, method)
            with lock:
                edge.asked.append(asked)
                reply = edge.answer(asked)
            self.send_response(reply.status)
            length = len(reply.body) + reply.zeros
            for name, value in {"content-length": str(length), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                for piece in reply.pieces():
                    self.wfile.write(piece)
            if reply.held is not None:
                reply.held.wait()
            if reply.cut_after is not None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    edge = Edge(f"http://127.0.0.1:{server.server_port}", answer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield edge
    finally:
        server.shutdown()
        server.server_close()
