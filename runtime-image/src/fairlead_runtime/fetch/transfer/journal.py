"""Owns the record of what has arrived, which a later process reads to go on from there."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class Arrived:
    """What is there of one file, and the state of the source that it belongs to."""

    version: str
    size: int
    blocks: set[int] = field(default_factory=set)
    is_complete: bool = False


class Journal:
    """One JSON line per event; a last line that was cut off by a kill is no line."""

    def __init__(self, path: Path, block: int) -> None:
        self._lock = threading.Lock()
        self._arrived: dict[str, Arrived] = {}
        first = {"block": block}
        lines = _read(path)
        # Blocks of another size mean other bytes.
        if lines[:1] != [first]:
            lines = [first]
        for line in lines[1:]:
            self._apply(line)
        # Written anew, so that nothing is appended to half a line.
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def arrived(self, path: str) -> Arrived | None:
        """What is there of a file; None where nothing is."""
        with self._lock:
            found = self._arrived.get(path)
            if found is None:
                return None
            return Arrived(found.version, found.size, set(found.blocks), found.is_complete)

    def begin(self, path: str, version: str, size: int) -> None:
        """Forgets what was there of a file, and starts anew."""
        self._record({"file": path, "version": version, "size": size})

    def add_blocks(self, path: str, blocks: list[int]) -> None:
        """Blocks that are on disk for good."""
        self._record({"file": path, "blocks": blocks})

    def complete(self, path: str) -> None:
        """The file is whole, checked and in its place."""
        self._record({"file": path, "complete": True})

    def _record(self, line: dict[str, Any]) -> None:
        with self._lock:
            self._apply(line)
            self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def _apply(self, line: dict[str, Any]) -> None:
        path = line["file"]
        if "version" in line:
            self._arrived[path] = Arrived(line["version"], line["size"])
        elif "blocks" in line:
            self._arrived[path].blocks.update(line["blocks"])
        else:
            self._arrived[path].is_complete = True


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines: list[dict[str, Any]] = []
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        try:
            lines.append(json.loads(line))
        except ValueError:
            # A machine that lost its power may leave zeros; what follows them is not to be trusted.
            break
    return lines
