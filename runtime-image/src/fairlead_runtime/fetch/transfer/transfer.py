"""Owns bringing all files of a listing: side by side, and all given up when one fails."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from fairlead_runtime.fetch.disk import check_space
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.safe_path import find_path_problem
from fairlead_runtime.fetch.transfer.attempts import Stopped
from fairlead_runtime.fetch.transfer.blocks import Span
from fairlead_runtime.fetch.transfer.context import Context
from fairlead_runtime.fetch.transfer.file_transfer import FileTransfer, open_part
from fairlead_runtime.fetch.transfer.remote_file import Listing, RemoteFile
from fairlead_runtime.fetch.transfer.span_fetch import UNKNOWN_END, SpanFetch

# Where files end up in a staging directory: what is the model, and what has to be unpacked first.
CONTENT = "content"
ARCHIVES = "archives"
# Where they are until they are whole.
_PARTS = "parts"


def transfer_files(listing: Listing, staging: Path, context: Context, connections: int) -> None:
    """Returns when every file is in its place in the staging directory.

    Raises the first failure. What arrived until then stays for the next run.
    """
    _check_names(listing, context.subject)
    files = [_make_transfer(remote, staging, context) for remote in listing.files]
    _remove_others(files, staging)
    waiting = [file for file in files if not _take_over(file, context)]
    sizes = [file.size for file in files]
    known = [size for size in sizes if size is not None]
    context.progress.expect(len(files), sum(known) if len(known) == len(sizes) else None)
    here = context.progress.resumed_bytes
    check_space(max(0, sum(known) - here), staging, context.destination)
    with ThreadPoolExecutor(connections, thread_name_prefix="fetch") as pool:
        work = _Work(pool, context.stop)
        for file in waiting:
            work.submit(partial(_start, file, context, work))
        work.wait()


def _check_names(listing: Listing, subject: str) -> None:
    seen: set[str] = set()
    for path in (remote.path for remote in listing.files):
        problem = "is there twice" if path in seen else find_path_problem(path)
        if problem:
            cause = f"its file {path!r} {problem}"
            raise make_failure("ARCHIVE_UNSAFE", subject, cause, "give the file another name")
        seen.add(path)


def _make_transfer(remote: RemoteFile, staging: Path, context: Context) -> FileTransfer:
    part = hashlib.sha256(remote.path.encode()).hexdigest()[:24]
    place = CONTENT if remote.unpack is None else ARCHIVES
    return FileTransfer(remote, staging / _PARTS / part, staging / place / remote.path, context)


def _remove_others(files: list[FileTransfer], staging: Path) -> None:
    """Takes away what an earlier run has brought or unpacked, and the source no longer has."""
    kept = {path for file in files for path in (file.part, file.target)}
    for place in (CONTENT, ARCHIVES, _PARTS):
        for path in sorted((staging / place).rglob("*"), reverse=True):
            if not path.is_dir():
                if path not in kept:
                    path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()


def _take_over(file: FileTransfer, context: Context) -> bool:
    if not file.is_here():
        return False
    context.progress.resumed(file.target.stat().st_size)
    context.progress.finished_file()
    return True


def _start(file: FileTransfer, context: Context, work: _Work) -> None:
    """Fetches a file's first span; once the source shows that it serves ranges, the others too."""
    spans = file.missing()
    if file.size is not None and not spans:
        # Empty, or killed between its last byte and its place.
        os.close(open_part(file.part, file.size))
        file.finish()
        return
    head, rest = (spans[0], spans[1:]) if spans else (Span(0, UNKNOWN_END), [])
    file.share(1 + len(rest))

    def fetch_rest() -> bool:
        for span in rest:
            work.submit(SpanFetch(file, span, context).run)
        return bool(rest)

    SpanFetch(file, head, context, on_ranges=fetch_rest).run()


class _Work:
    """Tasks that may start further ones; the first that fails stops all."""

    def __init__(self, pool: ThreadPoolExecutor, stop: threading.Event) -> None:
        self._pool = pool
        self._stop = stop
        self._changed = threading.Condition()
        self._pending = 0
        self._error: BaseException | None = None

    def submit(self, task: Callable[[], None]) -> None:
        with self._changed:
            self._pending += 1
        self._pool.submit(self._run, task)

    def wait(self) -> None:
        """Returns once all tasks have ended; raises what the first failed one raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending == 0)
        if self._error is not None:
            raise self._error

    def _run(self, task: Callable[[], None]) -> None:
        try:
            if not self._stop.is_set():
                task()
        except Stopped:
            pass
        except BaseException as error:
            with self._changed:
                self._error = self._error or error
            self._stop.set()
        finally:
            with self._changed:
                self._pending -= 1
                self._changed.notify_all()
