"""Owns the file in which a fetch tells how far it is, for the sidecar of its pod to read."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

# Names the file; whoever starts a fetcher sets it, and need not know the fetcher's arguments.
VARIABLE = "FAIRLEAD_PROGRESS_FILE"

_logger = logging.getLogger(__name__)


class ProgressFile:
    """Whole at every moment, and gone when the fetch is over. No fetch fails for want of it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told = ""

    def tell(self, there: int, total: int | None) -> None:
        """Writes how many bytes are there, of how many where that is known."""
        said: dict[str, int] = {"bytes": max(there, 0)}
        if total is not None:
            said["totalBytes"] = total
        line = f"{json.dumps(said)}\n"
        if self._path is None or line == self._told:
            return
        try:
            _replace(self._path, line)
        except OSError as error:
            self._give_up(error)
        self._told = line

    def remove(self) -> None:
        """Says that nothing is being fetched (any more)."""
        if self._path is None:
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        _logger.warning("progress is told in the log alone", extra={"cause": str(error)})
        self._path = None


def _replace(path: Path, line: str) -> None:
    fresh = path.with_name(f".{path.name}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    # The sidecar is another user.
    descriptor = os.open(fresh, flags, 0o644)
    with os.fdopen(descriptor, "w") as file:
        file.write(line)
    fresh.replace(path)
