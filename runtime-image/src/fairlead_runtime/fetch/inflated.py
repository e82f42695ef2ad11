"""Owns reading what was compressed with an eye on how much comes of it."""

from __future__ import annotations

import gzip
import io
from typing import IO

from fairlead_runtime.fetch.disk import format_bytes
from fairlead_runtime.fetch.failures import make_failure

_CHUNK = 1024 * 1024
# tarfile reads headers whole, and an archive says itself how long they are.
_LONGEST_READ = 16 * 1024 * 1024

# Weights hardly shrink. What grows more than so much is made to fill the disk.
_UNSUSPICIOUS_BYTES = 1024**3
_GREATEST_RATIO = 200


def find_bomb(unpacked: int, packed: int) -> str:
    """Says why an archive of this size must not become so large; empty when it may."""
    if unpacked <= _UNSUSPICIOUS_BYTES or unpacked <= packed * _GREATEST_RATIO:
        return ""
    return (
        f"{format_bytes(packed)} would become more than {format_bytes(unpacked)}, "
        f"which is more than {_GREATEST_RATIO} times as much"
    )


class Inflated(io.RawIOBase):
    """A decompressed stream as tarfile wants a file: with positions, though only forwards."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, packed: int, subject: str) -> None:
        super().__init__()
        self._stream = stream
        self._packed = packed
        self._subject = subject
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("only forwards")
        while self._position < offset:
            if not self.read(min(_CHUNK, offset - self._position)):
                break
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        if size < 0 or size > _LONGEST_READ:
            cause = "it has a header of more than 16 MiB"
            raise make_failure("ARCHIVE_UNSAFE", self._subject, cause, "make the archive anew")
        content = bytes(self._stream.read(size))
        self._position += len(content)
        bomb = find_bomb(self._position, self._packed)
        if bomb:
            raise make_failure("ARCHIVE_UNSAFE", self._subject, bomb, "make the archive anew")
        return content
