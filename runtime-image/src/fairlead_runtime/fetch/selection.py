"""Owns which files of a source are wanted."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True)
class Selection:
    """Shell patterns over paths relative to the source; `*` crosses slashes."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, path: str) -> bool:
        """Whether a file is wanted: included (everything, if nothing is said) and not excluded."""
        included = not self.include or _matches(path, self.include)
        return included and not _matches(path, self.exclude)

    def pick(self, items: Iterable[_T], path_of: Callable[[_T], str]) -> list[_T]:
        """The wanted ones of many."""
        return [item for item in items if self.wants(path_of(item))]

    def __str__(self) -> str:
        wanted = [f"include {pattern}" for pattern in self.include]
        return ", ".join([*wanted, *(f"exclude {pattern}" for pattern in self.exclude)])


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(path, f"{pattern}*" if pattern.endswith("/") else pattern)
        for pattern in patterns
    )
