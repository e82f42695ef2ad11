"""A destination that is a mount point is filled in place, its marker last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fairlead_runtime.fetch.destination import Destination
from fairlead_runtime.fetch.marker import MARKER, read_marker
from fairlead_runtime.fetch.source import parse_source

SOURCE = parse_source("s3://models/iris")


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Mounting for real takes privileges that a test run should not need.
    mounted = tmp_path / "volume"
    (mounted / "lost+found").mkdir(parents=True)
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == mounted)
    return mounted


def _fetch(volume: Path, **files: str) -> None:
    destination = Destination(volume)
    with destination.locked(), destination.staging(SOURCE.name) as staging:
        assert staging.parent == volume
        model = staging / "content"
        model.mkdir()
        for name, content in files.items():
            (model / name).write_text(content)
        destination.publish(model, SOURCE.name, "")


def test_fills_the_volume_and_holds_the_source_from_then_on(volume: Path) -> None:
    _fetch(volume, MLmodel="m", data="d")
    assert (volume / "data").read_text() == "d"
    assert Destination(volume).held(SOURCE.name)
    assert not Destination(volume).held("s3://models/tulip")


def test_replaces_what_an_earlier_fetch_put_there(volume: Path) -> None:
    _fetch(volume, MLmodel="m", data="old")
    _fetch(volume, MLmodel="m", other="new")
    assert {entry.name for entry in volume.iterdir()} == {
        *("MLmodel", "other", "lost+found", MARKER, ".fairlead-fetch-lock"),
    }


def test_recovers_from_a_fetch_that_was_killed_half_way(volume: Path) -> None:
    _fetch(volume, MLmodel="m", data="d")
    (volume / MARKER).unlink()
    (volume / ".fairlead-fetch-stage-killed").mkdir()
    assert not Destination(volume).held(SOURCE.name)
    _fetch(volume, MLmodel="m", data="d")
    marker = read_marker(volume)
    assert marker is not None
    assert (marker.files, marker.bytes) == (2, 2)
