"""Owns the HTTP routes: health, version and scoring, as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

from fairlead_runtime.serve.body import BodyTooLarge, ClientGone, read_body
from fairlead_runtime.serve.readiness import Phase, Readiness
from fairlead_runtime.serve.replies import Reply, make_error

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_logger = logging.getLogger(__name__)

_CLOSE = ((b"connection", b"close"),)
_RETRY = ((b"retry-after", b"1"),)


class ScoringApp:
    """Answers requests in whatever phase the server is."""

    def __init__(self, readiness: Readiness, predictions: Executor, body_limit: int) -> None:
        self._readiness = readiness
        self._predictions = predictions
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"unsupported protocol: {scope['type']}")
        try:
            reply = await self._answer(scope, receive)
        except ClientGone:
            return
        await _send(reply, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        path, method = scope["path"], scope["method"]
        if path == "/invocations":
            if method != "POST":
                return _method_not_allowed(path, b"POST")
            return await self._score(scope, receive)
        if path in ("/ping", "/health", "/version"):
            if method not in ("GET", "HEAD"):
                return _method_not_allowed(path, b"GET, HEAD")
            return _version() if path == "/version" else self._health()
        return make_error(404, "ENDPOINT_NOT_FOUND", f"There is no route {path}.")

    def _health(self) -> Reply:
        if self._readiness.phase is Phase.READY:
            return Reply(200, b"\n")
        return self._not_ready()

    def _not_ready(self) -> Reply:
        if self._readiness.phase is Phase.DRAINING:
            return make_error(503, "SHUTTING_DOWN", "The server is shutting down.", _CLOSE)
        return make_error(
            503, "TEMPORARILY_UNAVAILABLE", "The model is still being loaded.", _RETRY
        )

    async def _score(self, scope: Scope, receive: Receive) -> Reply:
        scorer = self._readiness.scorer
        if self._readiness.phase is not Phase.READY or scorer is None:
            return self._not_ready()
        try:
            body = await read_body(scope, receive, self._body_limit)
        except BodyTooLarge:
            return make_error(
                413,
                "REQUEST_TOO_LARGE",
                f"The request body is larger than {self._body_limit} bytes.",
                _CLOSE,
            )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._predictions, scorer.score, _content_type(scope), body
        )


def _content_type(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return str(value.decode("latin-1"))
    return ""


def _method_not_allowed(path: str, allowed: bytes) -> Reply:
    return make_error(
        405,
        "METHOD_NOT_ALLOWED",
        f"{path} answers {allowed.decode()} only.",
        ((b"allow", allowed),),
    )


def _version() -> Reply:
    from importlib.metadata import version

    return Reply(200, version("mlflow").encode(), b"text/plain; charset=utf-8")


async def _send(reply: Reply, send: Send) -> None:
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", str(len(reply.body)).encode()),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
