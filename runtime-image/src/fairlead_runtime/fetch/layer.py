"""Owns layers of container images: the one directory that is wanted, and what a layer deletes."""

from __future__ import annotations

import shutil
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


def apply_whiteout(content: Path, path: PurePosixPath) -> bool:
    """Deletes what a marker says that the layers below had; returns whether it was a marker."""
    if not path.name.startswith(_WHITEOUT):
        return False
    parent = content / path.parent
    if path.name == _OPAQUE:
        for entry in parent.iterdir() if parent.is_dir() else ():
            _delete(entry)
    else:
        _delete(parent / path.name.removeprefix(_WHITEOUT))
    return True


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
