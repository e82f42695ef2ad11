"""Owns unpacking archives without ever writing outside of their target, or without end."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from fairlead_runtime.failure import Failure, describe_exception
from fairlead_runtime.fetch.disk import check_space, copy_stream, explain_destination_error
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.inflated import Inflated, find_bomb
from fairlead_runtime.fetch.layer import (
    apply_whiteout,
    find_whiteout_problem,
    place_in_layer,
)
from fairlead_runtime.fetch.safe_path import find_path_problem, normalise_path
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.transfer.remote_file import Unpack

_CHUNK = 1024 * 1024
# The header of each stays in memory.
_MOST_MEMBERS = 50_000

_ZIP, _GZIP, _ZSTD = b"PK", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

_Readable = IO[bytes] | gzip.GzipFile

# Returns the content of a regular file, or None for a directory.
Opener = Callable[[], "IO[bytes] | None"]


@dataclass(frozen=True)
class _Member:
    name: str
    open: Opener
    # Why it is refused, if it is wanted at all.
    problem: str = ""


@dataclass(frozen=True)
class Target:
    """Where to unpack to; `destination` is the model's place in the end, which messages name."""

    content: Path
    destination: Path
    subject: str
    selection: Selection = field(default_factory=Selection)


def extract_archive(archive: Path, target: Target, unpack: Unpack) -> None:
    """Unpacks a .tar, .tar.gz, .tar.zst or .zip file, told apart by content."""
    written: set[Path] = set()
    try:
        for member in _members(archive, target):
            path = _place(member, target, unpack, written)
            if path is not None:
                _write(target, path, member.open)
                written.add(target.content / path)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _corrupt(
            target.subject, f"corrupt or incomplete ({describe_exception(error)})"
        ) from error
    except OSError as error:
        # gzip and zstd report a damaged stream as an OSError without a number.
        if error.errno is not None:
            raise
        raise _corrupt(target.subject, f"corrupt ({describe_exception(error)})") from error


def _members(archive: Path, target: Target) -> Iterator[_Member]:
    with archive.open("rb") as file:
        start = file.read(262)
    if start.startswith(_ZIP):
        return _zip_members(archive, target)
    if start.startswith((_GZIP, _ZSTD)) or start[257:] == b"ustar":
        return _tar_members(archive, start, target.subject)
    raise _corrupt(target.subject, "neither a .tar, .tar.gz, .tar.zst nor a .zip file")


def _tar_members(archive: Path, start: bytes, subject: str) -> Iterator[_Member]:
    with _decompressed(archive, start) as stream:
        inflated = Inflated(stream, archive.stat().st_size, subject)
        with tarfile.open(fileobj=inflated, mode="r:") as tar:
            for number, entry in enumerate(tar):
                _check_count(number, subject)
                yield _tar_member(tar, entry)
            _check_end(inflated, tar.offset, subject)


def _decompressed(archive: Path, start: bytes) -> _Readable:
    if start.startswith(_GZIP):
        return gzip.open(archive, "rb")
    if start.startswith(_ZSTD):
        # Takes a tenth of a second to import, and hardly anybody packs so.
        import pyarrow

        stream: _Readable = pyarrow.input_stream(str(archive), compression="zstd")
        return stream
    return archive.open("rb")


def _tar_member(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> _Member:
    if entry.isdir():
        return _Member(entry.name, _directory)
    problem = "" if entry.isreg() else "is a link or a device, not a file"
    return _Member(entry.name, partial(tar.extractfile, entry), problem)


def _check_end(inflated: Inflated, offset: int, subject: str) -> None:
    # tarfile takes a damaged header for the end of the archive, and a checksum behind
    # the last member is never looked at unless somebody reads up to it.
    inflated.seek(max(offset, inflated.tell()))
    while block := inflated.read(_CHUNK):
        if block.strip(b"\0"):
            raise _corrupt(subject, "corrupt (there is a damaged member in the middle)")


def _zip_members(archive: Path, target: Target) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as content:
        entries = content.infolist()
        _check_count(len(entries), target.subject)
        total = sum(entry.file_size for entry in entries)
        bomb = find_bomb(total, archive.stat().st_size)
        if bomb:
            raise _unsafe(target.subject, bomb)
        check_space(total, target.content, target.destination)
        for entry in entries:
            yield _zip_member(content, entry)


def _zip_member(content: zipfile.ZipFile, entry: zipfile.ZipInfo) -> _Member:
    kind = (entry.external_attr >> 16) & 0o170000
    if kind not in (0, 0o100000, 0o040000):
        return _Member(entry.filename, _directory, "is a link or a device, not a file")
    if entry.flag_bits & 1:
        return _Member(entry.filename, _directory, "is encrypted")
    if entry.is_dir():
        return _Member(entry.filename, _directory)
    return _Member(entry.filename, partial(content.open, entry))


def _directory() -> None:
    return None


def _place(
    member: _Member, target: Target, unpack: Unpack, written: Set[Path]
) -> PurePosixPath | None:
    """Where a member goes; None where it is not wanted."""
    problem = find_path_problem(member.name)
    if problem:
        raise _unsafe(target.subject, f"its member {member.name!r} {problem}")
    path = normalise_path(member.name)
    if unpack.is_layer:
        wanted = place_in_layer(path, unpack.only)
        if wanted is None:
            return None
        problem = find_whiteout_problem(wanted)
        if problem:
            raise _unsafe(target.subject, f"its member {member.name!r} {problem}")
        if apply_whiteout(target.content, wanted, written):
            return None
        path = wanted
    if member.problem:
        raise _unsafe(target.subject, f"its member {member.name!r} {member.problem}")
    return path if target.selection.wants(path.as_posix()) else None


def _write(target: Target, path: PurePosixPath, opener: Opener) -> None:
    file = target.content / path
    content = opener()
    if content is None:
        _make_directory(file, target.destination)
        return
    with content:
        copy_stream(content.read, file, target.destination)


def _make_directory(path: Path, destination: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_destination_error(destination, error) from error


def _check_count(count: int, subject: str) -> None:
    if count > _MOST_MEMBERS:
        raise _unsafe(subject, f"it has more than {_MOST_MEMBERS} members")


def _unsafe(subject: str, cause: str) -> Failure:
    remedy = "make the archive of nothing but the model's files and directories"
    return make_failure("ARCHIVE_UNSAFE", subject, cause, remedy)


def _corrupt(subject: str, cause: str) -> Failure:
    remedy = "make a .tar.gz or .zip file of the model's directory"
    return make_failure("ARCHIVE_CORRUPT", subject, f"it is {cause}", remedy)
