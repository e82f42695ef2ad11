"""What a fetch tells of how far it is while it goes on, and that it never fails for that."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_server import Asked, Reply, edge_server, ranged
from fairlead_runtime.fetch.progress import Progress, report_progress
from fairlead_runtime.fetch.progress_file import VARIABLE, ProgressFile
from runtime_process import START_SECONDS, clean_environment, run_fetch

MIB = 1024 * 1024


def _said(path: Path) -> dict[str, int]:
    return dict(json.loads(path.read_text()))


@pytest.mark.parametrize(
    ("there", "total", "said"),
    [
        pytest.param(5, 10, {"bytes": 5, "totalBytes": 10}, id="so many of so many"),
        pytest.param(5, None, {"bytes": 5}, id="so many, where the source does not tell the size"),
        pytest.param(-3, 10, {"bytes": 0, "totalBytes": 10}, id="never less than none"),
    ],
)
def test_the_file_says(there: int, total: int | None, said: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    ProgressFile(path).tell(there, total)
    assert _said(path) == said
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_written_when_there_is_news_only(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    file = ProgressFile(path)
    file.tell(1, 2)
    path.unlink()
    file.tell(1, 2)
    assert not path.exists()
    file.tell(2, 2)
    assert _said(path)["bytes"] == 2


def test_the_file_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"

    def fail() -> None:
        with report_progress(Progress(), ProgressFile(path), 0.01):
            _wait_for(path.exists)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not path.exists()


def test_it_does_not_write_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".progress.json").symlink_to(victim)
    ProgressFile(tmp_path / "progress.json").tell(1, 2)
    assert victim.read_text() == "precious"


@contextlib.contextmanager
def _held_fetch(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A fetch of 3 MiB of which one comes, and then nothing."""
    content, held = os.urandom(3 * MIB), threading.Event()

    def hold(asked: Asked) -> Reply:
        if "/revision/" in asked.path:
            sibling = {"rfilename": "weights.gguf", "size": len(content), "blobId": None}
            return Reply(200, json.dumps({"sha": "c0ffee", "siblings": [sibling]}).encode())
        reply = ranged(asked, content)
        reply.cut_after, reply.held = MIB, held
        return reply

    command = (
        *(sys.executable, "-m", "fairlead_runtime.fetch", "--format", "gguf"),
        *("--source", "hf://acme/tiny", "--destination", str(home / "model")),
    )
    with edge_server(hold) as edge:
        variables = {"HF_ENDPOINT": edge.address, VARIABLE: str(home / "progress.json")}
        process = subprocess.Popen(command, env=clean_environment(**variables))
        try:
            yield process
        finally:
            process.kill()
            process.wait(START_SECONDS)
            held.set()


def test_a_fetch_tells_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    with _held_fetch(tmp_path):
        _wait_for(path.exists)
        _wait_for(lambda: _said(path) == {"bytes": MIB, "totalBytes": 3 * MIB})


def test_a_fetch_ends_when_it_is_told_to(tmp_path: Path) -> None:
    with _held_fetch(tmp_path) as process:
        _wait_for((tmp_path / "progress.json").exists)
        process.send_signal(signal.SIGTERM)
        # Of a signal that it handles: as the first process of a container it would outlive another.
        assert process.wait(START_SECONDS) == 128 + signal.SIGTERM


@pytest.mark.parametrize("place", ["progress.json", "there-is-no/progress.json"])
def test_a_fetch_succeeds_wherever_it_is_to_tell(place: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "weights.gguf").write_text("w")
    path = tmp_path / place
    variables = {VARIABLE: str(path)}
    fetched = run_fetch(source.as_uri(), tmp_path / "model", "--format", "gguf", **variables)
    assert (fetched.code, fetched.stderr) == (0, "")
    assert not path.exists()


def test_what_a_killed_fetch_said_last_does_not_stay(tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "progress.json"
    source.mkdir()
    (source / "weights.gguf").write_text("w")
    for _turn in ("brings it", "finds it there"):
        path.write_text('{"bytes": 1}')
        run_fetch(
            source.as_uri(), tmp_path / "model", "--format", "gguf", "--progress-file", str(path)
        )
        assert not path.exists()


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.02)
