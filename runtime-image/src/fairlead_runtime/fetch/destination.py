"""Owns the destination directory: one fetch at a time, staged beside it, published in one step."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.disk import explain_destination_error
from fairlead_runtime.fetch.failures import RESUMABLE, make_failure
from fairlead_runtime.fetch.marker import Marker, measure_model, read_marker, write_marker

_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}


class Destination:
    """Where the model shall lie."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        # A mounted volume cannot be renamed over, so there the marker, written last,
        # is what makes the model appear in one step.
        self._mounted = os.path.ismount(self.path)
        self._room = self.path if self._mounted else self.path.parent
        self._prefix = f".fairlead-fetch-{'' if self._mounted else self.path.name + '-'}"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other fetchers of the same destination out."""
        with self._usable():
            self._room.mkdir(parents=True, exist_ok=True)
            lock = (self._room / f"{self._prefix}lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in _NO_LOCKS_HERE:
                    raise
            yield

    def held(self, what: str) -> Marker | None:
        """The marker, where the complete model of this description lies here already."""
        found = read_marker(self.path)
        if found is None or found.source != what:
            return None
        there = measure_model(self.path, what)
        return found if (found.files, found.bytes) == (there.files, there.bytes) else None

    @contextlib.contextmanager
    def staging(self, what: str) -> Iterator[Path]:
        """A directory on the destination's own file system, gone afterwards; one that a fetch of
        the same was broken off in, with what it had brought."""
        name = f"{self._prefix}stage-{hashlib.sha256(what.encode()).hexdigest()[:16]}"
        staging = self._room / name
        with self._usable():
            self._refuse_foreign_content()
            for stale in self._room.glob(f"{self._prefix}stage-*"):
                if stale != staging:
                    shutil.rmtree(stale, ignore_errors=True)
            staging.mkdir(exist_ok=True)
        try:
            yield staging
        except Failure as failure:
            if failure.code not in RESUMABLE:
                shutil.rmtree(staging, ignore_errors=True)
            raise
        shutil.rmtree(staging, ignore_errors=True)

    def publish(self, model: Path, what: str, revision: str) -> Marker:
        """Moves a complete model from the staging directory to its place."""
        marker = measure_model(model, what, revision)
        with self._usable():
            if self._mounted:
                self._publish_entries(model, marker)
            else:
                write_marker(model, marker)
                if self.path.exists():
                    shutil.rmtree(self.path)
                model.rename(self.path)
        return marker

    def _publish_entries(self, model: Path, marker: Marker) -> None:
        for entry in self._entries():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for entry in model.iterdir():
            entry.rename(self.path / entry.name)
        write_marker(self.path, marker)

    def _entries(self) -> list[Path]:
        ours = ("lost+found",)
        return [
            entry
            for entry in self.path.iterdir()
            if not entry.name.startswith(self._prefix) and entry.name not in ours
        ]

    def _refuse_foreign_content(self) -> None:
        if not self.path.exists():
            return
        # Left half-published by a fetch that was killed, and so ours to replace.
        interrupted = any(self._room.glob(f"{self._prefix}stage-*"))
        if self._entries() and read_marker(self.path) is None and not interrupted:
            raise make_failure(
                "DESTINATION_OCCUPIED",
                str(self.path),
                "it holds files that no fetch has put there",
                "name an empty or a new directory",
            )

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explain_destination_error(self.path, error) from error
