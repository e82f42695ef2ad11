"""A fetch that is killed or given up goes on where it was, and takes little memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from edge_server import Asked, Reply, edge_server, ranged
from runtime_process import START_SECONDS, clean_environment, run_fetch

MIB = 1024 * 1024
BLOCK = 16 * MIB
LARGEST_MEMORY = 150 * MIB

# Prints the peak of the process that it runs, in bytes.
_MEASURED = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak * (1 if sys.platform == "darwin" else 1024))
sys.exit(ended.returncode)
"""


def _command(source: str, destination: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "fairlead_runtime.fetch", "--format", "gguf", "--attempts", "2"),
        *("--source", source, "--destination", str(destination)),
    ]


def _listed(asked: Asked, content: bytes) -> Reply:
    """Answers as a hub does, which tells size and version beforehand."""
    if "/revision/" in asked.path:
        sibling = {"rfilename": "weights.gguf", "size": len(content), "blobId": None}
        return Reply(200, json.dumps({"sha": "c0ffee", "siblings": [sibling]}).encode())
    return ranged(asked, content)


def test_a_killed_fetch_leaves_no_model_and_the_next_goes_on(tmp_path: Path) -> None:
    content = os.urandom(MIB) * 40
    held = threading.Event()

    def hold(asked: Asked) -> Reply:
        reply = _listed(asked, content)
        if "/resolve/" in asked.path:
            reply.cut_after, reply.held = 2 * BLOCK + 5, held
        return reply

    with edge_server(hold) as edge:
        process = subprocess.Popen(
            _command("hf://acme/tiny", tmp_path / "model"),
            env=clean_environment(HF_ENDPOINT=edge.address),
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(lambda: _journal(tmp_path).count('"blocks"') >= 2)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(START_SECONDS)
            held.set()
        assert not (tmp_path / "model").exists()
        edge.answer = lambda asked: _listed(asked, content)
        ended = run_fetch(
            "hf://acme/tiny", tmp_path / "model", "--format", "gguf", HF_ENDPOINT=edge.address
        )
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/weights.gguf").read_bytes() == content
    assert ended.logged[-1]["resumedBytes"] == 2 * BLOCK
    assert ended.logged[-1]["receivedBytes"] == len(content) - 2 * BLOCK
    assert edge.ranges()[-1] == f"bytes={2 * BLOCK}-{len(content) - 1}"


def _journal(home: Path) -> str:
    found = list(home.glob(".fairlead-fetch-model-stage-*/journal.jsonl"))
    return found[0].read_text() if found else ""


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.02)


def test_a_source_that_stays_away_is_given_up_and_found_where_it_was_left(tmp_path: Path) -> None:
    content = os.urandom(MIB) * 20

    def cut(asked: Asked) -> Reply:
        reply = _listed(asked, content)
        if "/resolve/" in asked.path:
            reply.cut_after = 0 if "range" in asked.headers else BLOCK + 1
        return reply

    with edge_server(cut) as edge:
        fetch = partial(run_fetch, "hf://acme/tiny", tmp_path / "model", "--format", "gguf")
        first = fetch(HF_ENDPOINT=edge.address)
        assert first.last_line.endswith("[CONNECTION_LOST]")
        assert not (tmp_path / "model").exists()
        edge.answer = lambda asked: _listed(asked, content)
        second = fetch(HF_ENDPOINT=edge.address)
    assert second.code == 0
    assert (tmp_path / "model/weights.gguf").read_bytes() == content
    assert second.logged[-1]["resumedBytes"] == BLOCK
    assert {entry.name for entry in tmp_path.iterdir()} == {"model", ".fairlead-fetch-model-lock"}


@pytest.mark.parametrize("has_ranges", [True, False], ids=["in spans", "in one piece"])
def test_a_file_larger_than_the_memory_is_fetched_with_little_of_it(
    has_ranges: bool, tmp_path: Path
) -> None:
    size = 512 * MIB

    def answer(asked: Asked) -> Reply:
        if "/revision/" in asked.path:
            sibling = {"rfilename": "weights.gguf", "size": size}
            return Reply(200, json.dumps({"sha": "c0ffee", "siblings": [sibling]}).encode())
        wanted = asked.headers.get("range")
        if wanted is None or not has_ranges:
            return Reply(200, zeros=size)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        told = {"content-range": f"bytes {first}-{last}/{size}", "etag": '"z"'}
        return Reply(206, b"", told, zeros=int(last) - int(first) + 1)

    with edge_server(answer) as edge:
        ended = subprocess.run(
            [sys.executable, "-c", _MEASURED, *_command("hf://acme/zeros", tmp_path / "model")],
            env=clean_environment(HF_ENDPOINT=edge.address),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "model/weights.gguf").stat().st_size == size
    assert int(ended.stdout.splitlines()[-1]) < LARGEST_MEMORY
