"""Owns starting the processes under test the way a container starts them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parents[1] / "src"

START_SECONDS = 60


def clean_environment(**variables: str) -> dict[str, str]:
    """An environment in which nothing of the machine decides a test."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "PYTHONPATH": str(SOURCES),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        **variables,
    }


@dataclass(frozen=True)
class Ended:
    """How a process ended and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        lines = self.stderr.strip().splitlines()
        return lines[-1] if lines else ""

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]


def run_fetch(
    source: str,
    destination: Path,
    *more: str,
    **variables: str,
) -> Ended:
    """Runs one fetch to its end."""
    return _run_fetch(source, destination, more, variables, None)


def run_fetch_after(before: Callable[[], None], source: str, destination: Path) -> Ended:
    """Runs one fetch after a call in its process, such as one that sets a limit."""
    return _run_fetch(source, destination, (), {}, before)


def _run_fetch(
    source: str,
    destination: Path,
    more: Sequence[str],
    variables: dict[str, str],
    before: Callable[[], None] | None,
) -> Ended:
    finished = subprocess.run(
        [
            sys.executable,
            *("-m", "fairlead_runtime.fetch"),
            *("--source", source, "--destination", str(destination), "--attempts", "2", *more),
        ],
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        preexec_fn=before,
    )
    return Ended(finished.returncode, finished.stdout, finished.stderr)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ServeProcess:
    """A model server process and a client for it."""

    def __init__(self, model_dir: Path, *more: str, logs: Path, **variables: str) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._out, self._err = logs / "stdout", logs / "stderr"
        with self._out.open("w") as out, self._err.open("w") as err:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *("-m", "fairlead_runtime.serve"),
                    *("--model-dir", str(model_dir), "--port", "0", *more),
                ],
                env=clean_environment(**variables),
                stdout=out,
                stderr=err,
            )
        self.port = 0

    def wait_listening(self) -> ServeProcess:
        self.port = int(self.wait_logged('"listening"')["port"])
        return self

    def wait_logged(self, words: str) -> dict[str, Any]:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self._out.read_text().splitlines(keepends=True):
                if words in line and line.endswith("\n"):
                    return dict(json.loads(line))
            time.sleep(0.01)
        raise AssertionError(f"{words} not logged: {self._err.read_text()}")

    def wait_ready(self) -> ServeProcess:
        self.wait_listening()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.get("/ping").status == 200:
                return self
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self._err.read_text()}")

    def get(self, path: str) -> Answer:
        return self.request("GET", path, b"", {})

    def post(self, body: object, content_type: str = "application/json") -> Answer:
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", "/invocations", encoded, {"content-type": content_type})

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait_end(self) -> Ended:
        code = self._process.wait(START_SECONDS)
        return Ended(code, self._out.read_text(), self._err.read_text())

    def stop(self) -> Ended:
        if self._process.poll() is None:
            self.terminate()
        try:
            return self.wait_end()
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
