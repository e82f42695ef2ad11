"""Owns one file on its way: its blocks, whether they belong together, and its place at the end."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import requests

from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.transfer.blocks import Span, covered_blocks, plan_spans
from fairlead_runtime.fetch.transfer.checksum import Checksum, digest_file
from fairlead_runtime.fetch.transfer.context import Context
from fairlead_runtime.fetch.transfer.remote_file import Headers, RemoteFile

_CONTENT_RANGE = re.compile(r"bytes (?P<start>\d+)-(?P<end>\d+)/(?P<total>\d+)")


class FileTransfer:
    """What several threads share while they fetch one file."""

    def __init__(self, remote: RemoteFile, part: Path, target: Path, context: Context) -> None:
        self.remote = remote
        self.part = part
        self.target = target
        self._context = context
        self._lock = threading.Lock()
        self._open_spans = 0
        self._resumed = 0
        # Known after the first answer, where the source does not tell them before.
        self.size = remote.size
        # What an answer must still say for its bytes to belong to those that are there.
        self.validator = remote.etag
        self.checksum = remote.checksum

    def is_here(self) -> bool:
        """Whether an earlier run has brought the whole file already."""
        found = self._context.journal.arrived(self.remote.path)
        return (
            found is not None
            and found.is_complete
            and self._is_same(found.version, found.size)
            and self.target.is_file()
            and self.target.stat().st_size == found.size
        )

    def missing(self) -> list[Span]:
        """The spans to ask for; the first alone while the size is unknown."""
        found = self._context.journal.arrived(self.remote.path)
        block, longest = self._context.block, self._context.span_blocks
        if found is None or not self.part.is_file() or not self._is_same(found.version, found.size):
            size = -1 if self.size is None else self.size
            self._context.journal.begin(self.remote.path, self.remote.version, size)
            self.part.unlink(missing_ok=True)
            return [] if self.size is None else plan_spans(self.size, block, (), longest)
        if not self.remote.version:
            self.validator = found.version
        self.size = found.size
        spans = plan_spans(found.size, block, found.blocks, longest)
        self._resumed = found.size - sum(span.end - span.start for span in spans)
        self._context.progress.resumed(self._resumed)
        return spans

    def _is_same(self, version: str, size: int) -> bool:
        if size < 0:
            return False
        if self.remote.version:
            return version == self.remote.version and size == self.remote.size
        # Without a version from the listing only an ETag or a date says that it is the same file.
        return bool(version) and (self.remote.size is None or size == self.remote.size)

    def share(self, spans: int) -> None:
        """Says how many spans have to end before the file is whole."""
        with self._lock:
            self._open_spans = spans

    def end_span(self) -> None:
        """To be called once a span is written; the last one finishes the file."""
        with self._lock:
            self._open_spans -= 1
            is_last = self._open_spans == 0
        if is_last:
            self.finish()

    def learn(self, response: requests.Response) -> int | None:
        """Takes in what the first answer tells; returns the size of the whole file."""
        headers = response.headers
        validator = _validator_in(headers)
        total = self._total(response)
        with self._lock:
            if self.checksum is None:
                self.checksum = self.remote.checksum_of(headers)
            if self.size is not None and total is not None and total != self.size:
                raise self._changed(f"it has {total} bytes instead of {self.size}")
            if self.validator and validator and validator != self.validator:
                raise self._changed("its ETag or date is another one")
            self.validator = self.validator or validator
            if self.size is None and total is not None:
                self.size = total
        return total

    def begin_unversioned(self) -> None:
        """Records what the first answer told of a file that the listing knew little about."""
        if not self.remote.version:
            self._context.journal.begin(
                self.remote.path, self.validator, -1 if self.size is None else self.size
            )

    def wrote(self, span: Span, reached: int) -> None:
        """Records the blocks that are whole, once they are on disk for good."""
        blocks = covered_blocks(span, reached, self.size or reached, self._context.block)
        if blocks:
            self._context.journal.add_blocks(self.remote.path, blocks)

    def may_resume(self) -> bool:
        """Whether a mix of two states of the file would be noticed."""
        return bool(self.validator or self.remote.version or self.checksum)

    def restart(self) -> None:
        """Forgets what is there, because the source sends it from the start."""
        self.share(1)
        self._context.progress.resumed(-self._resumed)
        self._resumed = 0
        # What was there may have been of a state with another size.
        self.size = self.remote.size
        version = self.remote.version or self.validator
        self._context.journal.begin(
            self.remote.path, version, -1 if self.size is None else self.size
        )

    def finish(self) -> None:
        """Checks the whole file and puts it in its place."""
        actual = self.part.stat().st_size
        if self.size is not None and actual != self.size:
            raise self._changed(f"{actual} bytes arrived instead of {self.size}")
        if self.checksum is not None:
            self._verify(self.checksum)
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.part.replace(self.target)
        version = self.remote.version or self.validator
        self._context.journal.begin(self.remote.path, version, actual)
        self._context.journal.complete(self.remote.path)
        self._context.progress.finished_file()

    def discard(self) -> None:
        """Forgets everything of the file: it is no good."""
        self._context.journal.begin(self.remote.path, "", -1)
        self.part.unlink(missing_ok=True)

    def _verify(self, expected: Checksum) -> None:
        digest = digest_file(self.part, expected.algorithm, self._context.raise_if_stopped)
        if digest == expected.digest.lower():
            return
        self.discard()
        raise make_failure(
            "CHECKSUM_MISMATCH",
            self._context.subject,
            f"{self.remote.path} has {expected.algorithm}:{digest} instead of {expected}",
            "it is fetched again; if it stays so, what the source holds is damaged",
        )

    def _total(self, response: requests.Response) -> int | None:
        if response.status_code == 206:
            found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
            return int(found["total"]) if found else self.size
        length = response.headers.get("content-length")
        encoded = response.headers.get("content-encoding", "identity") != "identity"
        return int(length) if length and length.isdigit() and not encoded else None

    def _changed(self, how: str) -> Exception:
        self.discard()
        return make_failure(
            "SOURCE_CHANGED",
            self._context.subject,
            f"{self.remote.path} changed while it was fetched: {how}",
            "it is fetched again from its start",
        )


def _validator_in(headers: Headers) -> str:
    etag = headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")


def open_part(path: Path, size: int | None) -> int:
    """A descriptor to write anywhere in the file, which has its full length at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if size is not None:
            os.ftruncate(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
