"""Owns the space on the destination's disk: whether a model fits, and what a disk's errors mean."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from fairlead_runtime.failure import Failure, describe_exception
from fairlead_runtime.fetch.failures import make_failure

_CHUNK = 1024 * 1024

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_MORE_SPACE = "give the volume of the model more space"


def is_disk_full(error: OSError) -> bool:
    """Whether an error says that there is no room."""
    return error.errno in _NO_SPACE


def explain_destination_error(path: Path, error: OSError) -> Failure:
    """Says why a directory cannot be written."""
    if is_disk_full(error):
        return make_failure("DISK_FULL", str(path), describe_exception(error), _MORE_SPACE)
    return make_failure(
        "DESTINATION_UNWRITABLE",
        str(path),
        describe_exception(error),
        "name a directory that this process may create and write",
    )


def check_space(needed: int, staging: Path, destination: Path) -> None:
    """Refuses what cannot fit before a byte of it is fetched."""
    free = shutil.disk_usage(staging).free
    if needed > free:
        cause = f"the model takes {format_bytes(needed)}, and {format_bytes(free)} are free"
        raise make_failure("DISK_FULL", str(destination), cause, _MORE_SPACE)


def copy_stream(
    read: Callable[[int], bytes],
    target: Path,
    destination: Path,
    count: Callable[[int], None] = lambda _: None,
) -> None:
    """Writes a new file in small pieces. Only what goes wrong with writing is the destination's."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        writing = target.open("wb", buffering=0)
    except OSError as error:
        raise explain_destination_error(destination, error) from error
    with writing:
        while chunk := read(_CHUNK):
            _write_all(writing, chunk, destination)
            count(len(chunk))


def _write_all(file: FileIO, chunk: bytes, destination: Path) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as error:
        raise explain_destination_error(destination, error) from error


def format_bytes(count: int) -> str:
    """A size as people write it."""
    if count < 1024:
        return f"{count} B"
    size = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} TiB"
