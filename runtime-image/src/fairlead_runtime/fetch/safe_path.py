"""Owns which names from outside may become paths below the destination."""

from __future__ import annotations

from pathlib import PurePosixPath

# Names of our own files below a destination.
OWN_PREFIX = ".fairlead-"


def find_path_problem(name: str) -> str:
    """Says why a name may not be written below a directory; empty when it may."""
    path = PurePosixPath(name.replace("\\", "/"))
    first = path.parts[0] if path.parts else ""
    if path.is_absolute() or ".." in path.parts or ":" in first or "\0" in name:
        return "would be written outside of the destination"
    if any(part.startswith(OWN_PREFIX) for part in path.parts):
        return f"has a name that starts with {OWN_PREFIX}, which the fetcher keeps for itself"
    try:
        encoded = [part.encode() for part in path.parts]
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    if any(len(part) > 255 for part in encoded):
        return "has a name that is too long for a file system"
    return ""


def normalise_path(name: str) -> PurePosixPath:
    """The relative path of a name in which `find_path_problem` finds nothing."""
    return PurePosixPath(name.replace("\\", "/"))
