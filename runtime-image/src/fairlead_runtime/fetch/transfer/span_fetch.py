"""Owns the bytes of one span: asked for, written, and asked for again from where they broke off."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import requests

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.disk import explain_destination_error
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.transfer.answers import explain_answer, explain_broken
from fairlead_runtime.fetch.transfer.attempts import Attempts, Transient
from fairlead_runtime.fetch.transfer.blocks import Span
from fairlead_runtime.fetch.transfer.context import Context
from fairlead_runtime.fetch.transfer.file_transfer import FileTransfer, open_part

_CHUNK = 256 * 1024
# An attempt that brought less than this counts as none that got further.
_WORTH_BYTES = 1024 * 1024

# macOS has only the one that writes the file's times too.
_sync = getattr(os, "fdatasync", os.fsync)

# The end of a span whose file tells its size with its first answer, if at all.
UNKNOWN_END = 1 << 62


class SpanFetch:
    """One span of one file, which one thread fetches."""

    def __init__(
        self,
        file: FileTransfer,
        span: Span,
        context: Context,
        on_ranges: Callable[[], bool] | None = None,
    ) -> None:
        self._file = file
        self._span = span
        self._context = context
        self._attempts = Attempts(context.patience, context.stop)
        # Given to the first span only: called once the source has shown that it serves ranges,
        # it starts the other spans and says whether there are any.
        self._on_ranges = on_ranges
        # Only who is alone may take a whole file where a range was asked for.
        self._is_alone = on_ranges is not None
        self._position = span.start
        self._has_ended = False

    def run(self) -> None:
        """Fetches the span; raises Failure where it cannot be had."""
        descriptor = open_part(self._file.part, self._file.size)
        try:
            while not self._has_ended:
                before = self._position
                try:
                    self._attempt(descriptor)
                except Transient as transient:
                    if self._position - before >= _WORTH_BYTES:
                        self._attempts.progressed()
                    self._attempts.wait_after(transient)
            self._keep(descriptor, self._position)
            if self._span.end == UNKNOWN_END:
                # A longer attempt may have come before.
                os.ftruncate(descriptor, self._position)
        except OSError as error:
            raise explain_destination_error(self._context.destination, error) from error
        finally:
            os.close(descriptor)
        self._file.end_span()

    def _attempt(self, descriptor: int) -> None:
        self._context.raise_if_stopped()
        if self._position > self._span.start and not self._file.may_resume():
            self._start_over()
        try:
            response = self._file.remote.open(self._headers())
            with response:
                self._take(response, descriptor)
        except (Failure, Transient):
            raise
        except Exception as error:
            meaning = explain_broken(error, self._context.subject)
            if meaning is None:
                raise
            raise meaning from error

    def _headers(self) -> dict[str, str]:
        size = UNKNOWN_END if self._file.size is None else self._file.size
        if self._position == 0 and size <= self._span.end:
            return {}
        last = "" if self._span.end == UNKNOWN_END else str(self._span.end - 1)
        headers = {"Range": f"bytes={self._position}-{last}"}
        if self._file.validator:
            headers["If-Range"] = self._file.validator
        return headers

    def _take(self, response: requests.Response, descriptor: int) -> None:
        if response.status_code == 416:
            self._file.discard()
            raise make_failure(
                "SOURCE_CHANGED",
                self._context.subject,
                f"{self._file.remote.path} is shorter than it was",
                "it is fetched again from its start",
            )
        if response.status_code not in (200, 206):
            meaning = explain_answer(response, self._context.subject, self._context.remedies)
            raise meaning
        self._check_start(response)
        is_new = self._position == 0
        self._file.learn(response)
        if is_new and self._is_alone:
            self._file.begin_unversioned()
        if response.status_code == 206 and self._on_ranges is not None:
            self._is_alone = not self._on_ranges()
            self._on_ranges = None
        self._write_body(response, descriptor)

    def _check_start(self, response: requests.Response) -> None:
        asked = self._position
        if response.status_code == 206:
            told = response.headers.get("content-range", "")
            if told.startswith(f"bytes {asked}-"):
                return
            cause = f"the server sent {told or 'some part'} instead of what follows byte {asked}"
        elif self._is_alone:
            # It serves no ranges, or what is there is of an older state: all of it comes anew.
            self._span = Span(0, UNKNOWN_END)
            self._start_over()
            self._file.validator = self._file.remote.etag
            self._file.restart()
            return
        else:
            cause = "the server sent the whole file instead of a range"
        raise Transient(make_failure("SOURCE_FAILED", self._context.subject, cause))

    def _start_over(self) -> None:
        self._context.progress.add(self._span.start - self._position)
        self._position = self._span.start

    def _write_body(self, response: requests.Response, descriptor: int) -> None:
        end = self._span.end
        if end == UNKNOWN_END and self._file.size is not None:
            end = self._file.size
        synced = self._position // self._context.block
        while chunk := response.raw.read(_CHUNK, decode_content=False):
            self._context.raise_if_stopped()
            if self._position + len(chunk) > end:
                raise self._too_long(end)
            _write(descriptor, chunk, self._position, self._context.destination)
            self._position += len(chunk)
            self._context.progress.add(len(chunk))
            if self._position // self._context.block > synced:
                self._keep(descriptor, self._position)
                synced = self._position // self._context.block
        if end != UNKNOWN_END and self._position < end:
            raise Transient(
                make_failure(
                    "CONNECTION_LOST",
                    self._context.subject,
                    f"the connection broke off at byte {self._position} of {end}",
                )
            )
        self._has_ended = True

    def _keep(self, descriptor: int, reached: int) -> None:
        # What a journal calls there has to be there after a power cut too.
        _sync(descriptor)
        self._file.wrote(self._span, reached)

    def _too_long(self, end: int) -> Failure:
        return make_failure(
            "SOURCE_FAILED",
            self._context.subject,
            f"the server sent more of {self._file.remote.path} than its {end} bytes",
            "look at the server",
        )


def _write(descriptor: int, chunk: bytes, position: int, destination: Path) -> None:
    view = memoryview(chunk)
    try:
        while view:
            written = os.pwrite(descriptor, view, position)
            view, position = view[written:], position + written
    except OSError as error:
        raise explain_destination_error(destination, error) from error
