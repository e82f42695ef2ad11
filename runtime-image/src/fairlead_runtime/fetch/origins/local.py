"""Owns models on this machine's own disk, which are copied."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from fairlead_runtime.fetch.disk import check_space, copy_stream
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.progress import Progress
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Source


def copy_files(
    source: Source,
    path: Path,
    content: Path,
    destination: Path,
    progress: Progress,
    selection: Selection,
) -> None:
    """Copies a file or a directory below `content`; links are followed, as MLflow does."""
    files = selection.pick(_files(source, path), lambda pair: pair[0].as_posix())
    total = sum(file.stat().st_size for _, file in files)
    progress.expect(len(files), total)
    check_space(total, content, destination)
    for name, file in files:
        with file.open("rb") as reading:
            copy_stream(reading.read, content / name, destination, progress.add)
        progress.finished_file()


def path_of(uri: str) -> Path:
    """The path that a file: URI names."""
    return Path(unquote(urlsplit(uri).path))


def _files(source: Source, path: Path) -> list[tuple[PurePosixPath, Path]]:
    if path.is_file():
        return [(PurePosixPath(path.name), path)]
    if not path.is_dir():
        raise make_failure(
            "NOT_FOUND", source.name, "there is nothing at this place", "check the path"
        )
    return list(_walk(path))


def _walk(path: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    for parent, _, names in os.walk(path, followlinks=True):
        for name in sorted(names):
            file = Path(parent) / name
            if file.is_file():
                yield PurePosixPath(file.relative_to(path).as_posix()), file
