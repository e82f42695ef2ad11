"""Owns the shape of answers: status, JSON body, and the error object with its stable code."""

from __future__ import annotations

import json
from dataclasses import dataclass

JSON = b"application/json"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, ready to send."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def make_error(
    status: int,
    error_code: str,
    message: str,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Reply:
    """Makes the error object that MLflow clients parse."""
    body = json.dumps({"error_code": error_code, "message": message}).encode()
    return Reply(status, body, headers=headers)
