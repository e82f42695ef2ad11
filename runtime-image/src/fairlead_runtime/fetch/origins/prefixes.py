"""Owns the names that objects of a bucket have below the path that a source names."""

from __future__ import annotations


def is_below(key: str, prefix: str) -> bool:
    """Whether an object belongs to a path: is it, or lies below it. `a/b` is not below `a/bc`."""
    if key.endswith("/"):
        # What consoles make to show an empty folder.
        return False
    return not prefix or key == prefix or key.startswith(f"{prefix}/")


def path_below(key: str, prefix: str) -> str:
    """The object's path relative to the source's; its last name where it is the source itself."""
    if key == prefix:
        return key.rpartition("/")[2]
    return key[len(prefix) + 1 :] if prefix else key
