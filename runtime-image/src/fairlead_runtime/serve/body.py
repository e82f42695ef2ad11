"""Owns reading a request body without ever holding more of it than the limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

# A client that is still sending cannot read the refusal: its socket is reset first.
# So what is over the limit is read and dropped, within reason.
_PATIENCE = 4


class BodyTooLarge(Exception):
    """The body is larger than the limit."""


class ClientGone(Exception):
    """The client hung up before its body was complete."""


async def read_body(
    scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], limit: int
) -> bytes:
    """Reads the whole body, or raises once it is known to be over the limit."""
    if _declared_length(scope) > limit * _PATIENCE:
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        if size > limit * _PATIENCE:
            raise BodyTooLarge
        if not message.get("more_body", False):
            break
    if size > limit:
        raise BodyTooLarge
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _declared_length(scope: dict[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
