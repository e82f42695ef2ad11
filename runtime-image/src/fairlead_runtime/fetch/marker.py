"""Owns the marker file that says a directory holds one source's complete model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fairlead_runtime.fetch.safe_path import OWN_PREFIX

MARKER = f"{OWN_PREFIX}model.json"


@dataclass(frozen=True)
class Marker:
    """What was fetched, and enough to notice that some of it is gone."""

    source: str
    files: int
    bytes: int
    # The commit, digest or version that an alias or tag meant then; empty where there is none.
    revision: str = ""


def measure_model(model: Path, source: str, revision: str = "") -> Marker:
    """Counts what lies in a model directory."""
    sizes = [entry.stat().st_size for entry in _files(model)]
    return Marker(source, len(sizes), sum(sizes), revision)


def write_marker(model: Path, marker: Marker) -> None:
    """Declares the directory complete."""
    (model / MARKER).write_text(json.dumps(asdict(marker)) + "\n")


def read_marker(model: Path) -> Marker | None:
    """Reads the marker; one that cannot be read counts as none."""
    try:
        fields = json.loads((model / MARKER).read_text())
        return Marker(
            str(fields["source"]),
            int(fields["files"]),
            int(fields["bytes"]),
            str(fields.get("revision", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _files(model: Path) -> Iterator[Path]:
    for entry in model.rglob("*"):
        hidden = any(part.startswith(OWN_PREFIX) for part in entry.relative_to(model).parts)
        if entry.is_file() and not hidden:
            yield entry
