"""Archives are unpacked within limits: what they hold, where it goes, how much it becomes."""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import IO, cast

import pyarrow
import pytest

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.archive import Target, extract_archive
from fairlead_runtime.fetch.inflated import Inflated, find_bomb
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.transfer.remote_file import Unpack

MIB = 1024 * 1024


def _extract(
    archive: Path, selection: Selection | None = None, unpack: Unpack | None = None
) -> Path:
    content = archive.parent / "content"
    content.mkdir(exist_ok=True)
    target = Target(content, archive.parent / "model", "x", selection or Selection())
    extract_archive(archive, target, unpack or Unpack())
    return content


def _tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return written.getvalue()


def _zstd(content: bytes) -> bytes:
    return bytes(pyarrow.compress(content, codec="zstd", asbytes=True))


def test_unpacks_a_zstd_archive(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(_zstd(_tar({"a/MLmodel": b"m", "b": b"d" * 3 * MIB})))
    content = _extract(tmp_path / "archive")
    assert (content / "a/MLmodel").read_bytes() == b"m"
    assert (content / "b").stat().st_size == 3 * MIB


def test_half_a_zstd_archive_is_corrupt(tmp_path: Path) -> None:
    packed = _zstd(_tar({"a": random.Random(1).randbytes(MIB)}))
    (tmp_path / "archive").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(Failure) as raised:
        _extract(tmp_path / "archive")
    assert raised.value.code == "ARCHIVE_CORRUPT"


def test_only_selected_members_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(_tar({"a.gguf": b"a", "b.txt": b"b"}))
    content = _extract(tmp_path / "archive", Selection(include=("*.gguf",)))
    assert [file.name for file in content.iterdir()] == ["a.gguf"]


@pytest.mark.parametrize(
    ("unpacked", "packed", "is_bomb"),
    [
        (1000 * MIB, 1, False),
        (10_000 * MIB, 100 * MIB, False),
        (10_000 * MIB, 10 * MIB, True),
    ],
    ids=["less than a gibibyte is never one", "a hundredfold is none", "a thousandfold is one"],
)
def test_what_is_a_bomb(unpacked: int, packed: int, is_bomb: bool) -> None:
    assert bool(find_bomb(unpacked, packed)) is is_bomb


def test_a_zip_bomb_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive", "w", zipfile.ZIP_DEFLATED) as content:
        content.writestr("bomb", b"a")
    packed = bytearray((tmp_path / "archive").read_bytes())
    # The size that it would have, in the directory at the archive's end.
    struct.pack_into("<I", packed, packed.index(b"PK\x01\x02") + 24, 1100 * MIB)
    (tmp_path / "archive").write_bytes(packed)
    with pytest.raises(Failure, match="more than 200 times as much") as raised:
        _extract(tmp_path / "archive")
    assert raised.value.code == "ARCHIVE_UNSAFE"
    assert list((tmp_path / "content").iterdir()) == []


class _Endless(io.RawIOBase):
    """What decompresses to zeros without end."""

    def read(self, size: int = -1, /) -> bytes:
        return bytes(size)


def test_a_tar_bomb_is_refused_while_it_grows() -> None:
    inflated = Inflated(cast("IO[bytes]", _Endless()), MIB, "x")
    with pytest.raises(Failure, match="more than 200 times as much") as raised:
        inflated.seek(2000 * MIB)
    assert raised.value.code == "ARCHIVE_UNSAFE"
    assert inflated.tell() <= 1025 * MIB


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("long")
    header.type = tarfile.GNUTYPE_LONGNAME
    header.size = 64 * MIB
    (tmp_path / "archive").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(64 * MIB))
    with pytest.raises(Failure, match="a header of more than 16 MiB"):
        _extract(tmp_path / "archive")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive", "w") as content:
        content.writestr("a", b"a")
    packed = bytearray((tmp_path / "archive").read_bytes())
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "archive").write_bytes(packed)
    with pytest.raises(Failure, match="is encrypted"):
        _extract(tmp_path / "archive")


def test_a_name_of_our_own_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(_tar({".fairlead-model.json": b"{}"}))
    with pytest.raises(Failure, match="which the fetcher keeps for itself"):
        _extract(tmp_path / "archive")


@pytest.mark.parametrize("marker", [".wh.", ".wh..", ".wh..."])
def test_a_whiteout_that_leads_up_deletes_nothing(marker: str, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"k")
    (tmp_path / "archive").write_bytes(_tar({f"models/{marker}": b""}))
    with pytest.raises(Failure) as raised:
        _extract(tmp_path / "archive", unpack=Unpack("models", is_layer=True))
    assert raised.value.code == "ARCHIVE_UNSAFE"
    assert (tmp_path / "kept").exists()


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(_tar({"a\udcff": b""}))
    with pytest.raises(Failure) as raised:
        _extract(tmp_path / "archive")
    assert "is not UTF-8" in raised.value.cause


@pytest.mark.parametrize(
    ("marker", "left"),
    [
        (".wh..wh..opq", {"new"}),
        (".wh.old", {"new", "other"}),
        (".wh.new", {"new", "old", "other"}),
    ],
)
def test_a_whiteout_hides_what_is_below_its_layer_and_nothing_of_it(
    marker: str, left: set[str], tmp_path: Path
) -> None:
    layer = Unpack("models", is_layer=True)
    for files in ({"a/old": b"1", "a/other": b"1"}, {"a/new": b"2", f"a/{marker}": b""}):
        named = {f"models/{name}": content for name, content in files.items()}
        (tmp_path / "archive").write_bytes(_tar(named))
        content = _extract(tmp_path / "archive", unpack=layer)
    assert {path.name for path in (content / "a").iterdir()} == left
