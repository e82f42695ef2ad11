"""Owns the marker file that says a directory holds one source's complete model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fairlead_runtime.fetch.source import Source

MARKER = ".fairlead-model.json"


@dataclass(frozen=True)
class Marker:
    """What was fetched, and enough to notice that some of it is gone."""

    source: str
    files: int
    bytes: int


def measure_model(model: Path, source: Source) -> Marker:
    """Counts what lies in a model directory."""
    sizes = [entry.stat().st_size for entry in _files(model)]
    return Marker(source.name, len(sizes), sum(sizes))


def write_marker(model: Path, marker: Marker) -> None:
    """Declares the directory complete."""
    (model / MARKER).write_text(json.dumps(asdict(marker)) + "\n")


def read_marker(model: Path) -> Marker | None:
    """Reads the marker; one that cannot be read counts as none."""
    try:
        fields = json.loads((model / MARKER).read_text())
        return Marker(str(fields["source"]), int(fields["files"]), int(fields["bytes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _files(model: Path) -> Iterator[Path]:
    for entry in model.rglob("*"):
        hidden = any(part.startswith(".fairlead-") for part in entry.relative_to(model).parts)
        if entry.is_file() and not hidden:
            yield entry
