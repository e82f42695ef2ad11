"""Owns unpacking an archive of a model directory without ever writing outside of its target."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from fairlead_runtime.failure import Failure, describe_exception

_CHUNK = 1024 * 1024

# Returns the content of a regular file, or None for a directory.
Opener = Callable[[], "IO[bytes] | None"]


def extract_archive(archive: Path, into: Path, name: str) -> None:
    """Unpacks a .tar.gz, .tar or .zip file, told apart by content."""
    try:
        for member, opener in _members(archive, name):
            _write(into, _safe_path(member, name), opener)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _refused(
            name, f"it is corrupt or incomplete ({describe_exception(error)})"
        ) from error


def _members(archive: Path, name: str) -> Iterator[tuple[str, Opener]]:
    with archive.open("rb") as file:
        start = file.read(262)
    if start.startswith(b"PK"):
        return _zip_members(archive, name)
    if start.startswith(b"\x1f\x8b") or start[257:] == b"ustar":
        return _tar_members(archive, name)
    raise _refused(name, "it is neither a .tar.gz nor a .zip file")


def _tar_members(archive: Path, name: str) -> Iterator[tuple[str, Opener]]:
    try:
        with tarfile.open(archive) as tar:
            for entry in tar:
                if entry.isdir():
                    yield entry.name, _directory
                elif entry.isreg():
                    yield entry.name, partial(tar.extractfile, entry)
                else:
                    raise _refused(
                        name, f"its member {entry.name!r} is a link or a device, not a file"
                    )
            _check_end(tar, name)
    except OSError as error:
        # gzip reports a damaged stream as an OSError without a number.
        if error.errno is None:
            raise _refused(name, f"it is corrupt ({describe_exception(error)})") from error
        raise


def _check_end(tar: tarfile.TarFile, name: str) -> None:
    # tarfile takes a damaged header for the end of the archive, and a checksum behind
    # the last member is never looked at unless somebody reads up to it.
    if tar.fileobj is None:
        return
    tar.fileobj.seek(tar.offset)
    while block := tar.fileobj.read(_CHUNK):
        if block.strip(b"\0"):
            raise _refused(name, "it is corrupt (there is a damaged member in the middle)")


def _zip_members(archive: Path, name: str) -> Iterator[tuple[str, Opener]]:
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            kind = (entry.external_attr >> 16) & 0o170000
            if kind not in (0, 0o100000, 0o040000):
                raise _refused(name, f"its member {entry.filename!r} is a link, not a file")
            if entry.flag_bits & 1:
                raise _refused(name, "it is encrypted")
            if entry.is_dir():
                yield entry.filename, _directory
            else:
                yield entry.filename, partial(content.open, entry)


def _directory() -> None:
    return None


def _safe_path(member: str, name: str) -> PurePosixPath:
    path = PurePosixPath(member.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts[0] if path.parts else ""):
        raise _refused(name, f"its member {member!r} would be written outside of the destination")
    return path


def _write(into: Path, path: PurePosixPath, opener: Opener) -> None:
    target = into / path
    content = opener()
    if content is None:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)


def _refused(name: str, cause: str) -> Failure:
    return Failure(
        "ARCHIVE_REFUSED",
        "archive refused",
        name,
        cause,
        "make a .tar.gz or .zip file of the model directory",
    )
