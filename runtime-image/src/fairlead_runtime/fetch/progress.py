"""Owns the progress of a fetch: counted as it comes, told while it goes on."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from fairlead_runtime.fetch.progress_file import ProgressFile

_logger = logging.getLogger(__name__)

# As often as the sidecar reports what the file says; the log is for people.
_FILE_SECONDS = 1.0
_LOG_EVERY = 5


class Progress:
    """Bytes and files of one fetch. `bytes` includes what an earlier run had brought."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._started = clock()
        self._files = 0
        self._files_total: int | None = None
        self._resumed = 0
        self._received = 0
        self._total: int | None = None
        self._told_at, self._told_bytes = self._started, 0

    def expect(self, files: int, total: int | None) -> None:
        """What the listing says is to come."""
        with self._lock:
            self._files_total, self._total = files, total

    def add(self, count: int) -> None:
        """Bytes that arrived; negative where some have to come again."""
        with self._lock:
            self._received += count

    def resumed(self, count: int) -> None:
        """Bytes that were there already."""
        with self._lock:
            self._resumed += count

    def finished_file(self) -> None:
        """One more file is in its place."""
        with self._lock:
            self._files += 1

    @property
    def received(self) -> int:
        """Bytes that this run has brought."""
        return self._received

    @property
    def resumed_bytes(self) -> int:
        """Bytes that an earlier run has brought."""
        return self._resumed

    def there(self) -> tuple[int, int | None]:
        """Bytes that are there, and how many it will be where that is known."""
        with self._lock:
            return self._resumed + self._received, self._total

    def seconds(self) -> float:
        """How long it has taken so far."""
        return self._clock() - self._started

    def report(self) -> dict[str, Any]:
        """The fields of a progress line; the rate is the one since the last report."""
        with self._lock:
            now = self._clock()
            rate = (self._received - self._told_bytes) / max(now - self._told_at, 0.001)
            self._told_at, self._told_bytes = now, self._received
            there = self._resumed + self._received
            line: dict[str, Any] = {
                "bytes": there,
                "files": self._files,
                "bytesPerSecond": round(max(rate, 0)),
                "seconds": round(now - self._started, 1),
            }
            if self._files_total is not None:
                line["filesTotal"] = self._files_total
            if self._total is not None:
                line["bytesTotal"] = self._total
                if rate > 0:
                    line["etaSeconds"] = round(max(self._total - there, 0) / rate)
            return line


@contextlib.contextmanager
def report_progress(
    progress: Progress, file: ProgressFile, interval: float = _FILE_SECONDS
) -> Iterator[None]:
    """While the block runs, keeps the file up to date and logs a line at every fifth time."""
    done = threading.Event()

    def tell() -> None:
        turn = 0
        file.tell(*progress.there())
        while not done.wait(interval):
            turn += 1
            file.tell(*progress.there())
            if turn % _LOG_EVERY == 0:
                _logger.info("downloading", extra=progress.report())

    reporter = threading.Thread(target=tell, name="progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()
        file.remove()
