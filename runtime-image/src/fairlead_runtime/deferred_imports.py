"""Owns putting off the parts of MLflow that serving rarely touches until something touches them."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

# `import mlflow` runs the code of these packages for what they register and re-export:
# judges and scorers, the AI gateway with its web framework.
# A model that does use one of them gets the real package at its first attribute access.
DEFERRED_PACKAGES = (
    "mlflow.gateway",
    "mlflow.genai",
    "mlflow.genai.datasets",
    "mlflow.genai.evaluation",
    "mlflow.genai.judges",
    "mlflow.genai.scorers",
)


class _DeferredPackage(ModuleType):
    """A package whose own code runs when an attribute is missed for the first time."""

    def __getattr__(self, name: str) -> Any:
        # The import system asks for these on every import; they are no use of the package.
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(name)
        with self.__dict__["_deferred_lock"]:
            loader = self.__dict__.pop("_deferred_loader", None)
            if loader is not None:
                loader.exec_module(self)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None


class _DeferringLoader(importlib.abc.Loader):
    """Makes the package's module, and leaves its code for later."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = _DeferredPackage(spec.name)
        # Reentrant, because the package's own code asks for its attributes while it runs.
        module.__dict__["_deferred_lock"] = threading.RLock()
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["_deferred_loader"] = self._loader

    def __getattr__(self, name: str) -> Any:
        # Resource readers and the like belong to the real loader.
        return getattr(self._loader, name)


class _DeferringFinder(importlib.abc.MetaPathFinder):
    """Finds the packages to put off; every other import goes its usual way."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = frozenset(packages)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._packages:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _DeferringLoader(spec.loader)
        return spec


def defer_unused_packages(packages: Sequence[str] = DEFERRED_PACKAGES) -> None:
    """Must run before MLflow is first imported."""
    sys.meta_path.insert(0, _DeferringFinder(packages))
