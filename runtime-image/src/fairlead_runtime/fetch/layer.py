"""Owns layers of container images: the one directory that is wanted, and what a layer deletes."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path, PurePosixPath

# OCI image specification, "Whiteouts".
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


def place_in_layer(path: PurePosixPath, directory: str) -> PurePosixPath | None:
    """The path of a member below the wanted directory; None where it lies elsewhere."""
    if not path.parts or path.parts[0] != directory:
        return None
    return PurePosixPath(*path.parts[1:])


def find_whiteout_problem(path: PurePosixPath) -> str:
    """Says why a marker may not be followed: `.wh...` names the directory above its own."""
    named = path.name.removeprefix(_WHITEOUT)
    is_marker = path.name.startswith(_WHITEOUT)
    return "deletes a directory that it lies in" if is_marker and named in ("", ".", "..") else ""


def apply_whiteout(content: Path, path: PurePosixPath, own: Set[Path]) -> bool:
    """Deletes what a marker says that the layers below had; returns whether it was a marker.

    `own` are the files of its own layer, which it does not concern, whatever their order.
    """
    if not path.name.startswith(_WHITEOUT):
        return False
    parent = content / path.parent
    if path.name == _OPAQUE:
        _delete(parent, own)
    else:
        _delete(parent / path.name.removeprefix(_WHITEOUT), own)
    return True


def _delete(path: Path, own: Set[Path]) -> None:
    if path.is_dir():
        for entry in path.iterdir():
            _delete(entry, own)
        if not any(path.iterdir()):
            path.rmdir()
    elif path not in own:
        path.unlink(missing_ok=True)
