"""Owns checksums: what sources declare, and whether a file on disk has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1024 * 1024

# The name that git gives to a file's content: its SHA-1 behind a header with its length.
GIT_BLOB = "git-blob"


@dataclass(frozen=True)
class Checksum:
    """An algorithm of hashlib, or GIT_BLOB, and the digest in hexadecimal."""

    algorithm: str
    digest: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"


def parse_base64_checksum(algorithm: str, encoded: str) -> Checksum | None:
    """A checksum as HTTP headers carry it; None where it is not one."""
    try:
        return Checksum(algorithm, base64.b64decode(encoded, validate=True).hex())
    except (binascii.Error, ValueError):
        return None


def digest_file(path: Path, algorithm: str, keep_on: Callable[[], None] = lambda: None) -> str:
    """The digest of a file, read in small pieces; `keep_on` may raise between two of them."""
    if algorithm == GIT_BLOB:
        hasher = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        hasher = hashlib.new(algorithm, usedforsecurity=False)
    buffer = bytearray(_CHUNK)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(view[:count])
            keep_on()
    return hasher.hexdigest()
