"""Owns the progress lines: how much has arrived, every few seconds."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_logger = logging.getLogger(__name__)

_INTERVAL_SECONDS = 5.0


@contextlib.contextmanager
def report_progress(directory: Path) -> Iterator[None]:
    """Logs the size of a directory while the block runs."""
    done = threading.Event()
    started = time.monotonic()

    def report() -> None:
        while not done.wait(_INTERVAL_SECONDS):
            _logger.info(
                "downloading",
                extra={
                    "bytes": _size(directory),
                    "seconds": round(time.monotonic() - started, 1),
                },
            )

    reporter = threading.Thread(target=report, name="progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        done.set()
        reporter.join()


def _size(directory: Path) -> int:
    total = 0
    for parent, _, files in os.walk(directory):
        for name in files:
            # A download may rename its file between the listing and this look.
            with contextlib.suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total
