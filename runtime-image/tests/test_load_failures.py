"""A model that cannot be served ends the process with 1, the last line saying why."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from runtime_process import Ended, ServeProcess


@pytest.fixture
def model(models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models / "iris-cloudpickle", tmp_path / "model"))


def _serve(model: Path, logs: Path, *more: str) -> Ended:
    ended = ServeProcess(model, *more, logs=logs / "logs").wait_end()
    assert ended.code == 1
    assert "Traceback" not in ended.last_line
    return ended


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    last = _serve(tmp_path / "nowhere", tmp_path).last_line
    assert last.startswith(f"not a model: {tmp_path}/nowhere: no such directory")


def test_a_directory_without_a_model_is_named(tmp_path: Path) -> None:
    last = _serve(tmp_path, tmp_path).last_line
    assert "the directory has no MLmodel file" in last


def test_a_corrupt_pickle_is_called_corrupt(model: Path, tmp_path: Path) -> None:
    (model / "model.pkl").write_bytes(b"\x80\x04 not a pickle")
    last = _serve(model, tmp_path).last_line
    assert last.startswith(f"model cannot be loaded: {model}: ")
    assert "cannot be deserialised" in last
    assert "fetch or log the model again" in last


def test_a_truncated_pickle_is_called_corrupt(model: Path, tmp_path: Path) -> None:
    content = (model / "model.pkl").read_bytes()
    (model / "model.pkl").write_bytes(content[: len(content) // 2])
    assert "cannot be deserialised" in _serve(model, tmp_path).last_line


def test_a_truncated_skops_file_is_called_corrupt(models: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(models / "iris-skops", tmp_path / "model"))
    content = (model / "model.skops").read_bytes()
    (model / "model.skops").write_bytes(content[: len(content) // 2])
    assert "cannot be deserialised" in _serve(model, tmp_path).last_line


def test_a_missing_data_file_is_named(model: Path, tmp_path: Path) -> None:
    (model / "model.pkl").unlink()
    last = _serve(model, tmp_path).last_line
    assert "model.pkl is missing" in last


def test_a_broken_mlmodel_file_is_named(model: Path, tmp_path: Path) -> None:
    (model / "MLmodel").write_text("flavors: [unclosed")
    assert "MLmodel file is not valid YAML" in _serve(model, tmp_path).last_line


def test_a_missing_package_is_named_with_the_requirement(model: Path, tmp_path: Path) -> None:
    mlmodel = model / "MLmodel"
    mlmodel.write_text(
        mlmodel.read_text().replace("loader_module: mlflow.sklearn", "loader_module: fancy_models")
    )
    (model / "requirements.txt").write_text("mlflow\nfancy-models==4.2\n")
    last = _serve(model, tmp_path).last_line
    assert "the model needs fancy-models==4.2" in last
    assert "'fancy_models' is not installed in this runtime" in last


def test_a_model_that_fails_on_its_own_example_never_becomes_ready(
    models: Path, tmp_path: Path
) -> None:
    last = _serve(models / "fails-on-its-example", tmp_path).last_line
    assert last.startswith("warm-up failed: ")
    assert "RuntimeError: no luck today" in last
    assert "--no-warm-up" in last


def test_without_warm_up_such_a_model_is_served(models: Path, tmp_path: Path) -> None:
    server = ServeProcess(models / "fails-on-its-example", "--no-warm-up", logs=tmp_path)
    try:
        assert server.wait_ready().get("/ping").status == 200
    finally:
        server.stop()


def test_a_port_in_use_is_named(model: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        last = _serve(model, tmp_path, "--port", port).last_line
    assert last.startswith(f"cannot listen: 127.0.0.1:{port}: ")
    assert "Address already in use" in last


def test_the_cause_is_in_the_termination_log_too(model: Path, tmp_path: Path) -> None:
    (model / "model.pkl").unlink()
    termination_log = tmp_path / "termination-log"
    ended = _serve(model, tmp_path, "--termination-log", str(termination_log))
    assert termination_log.read_text() == ended.last_line


def test_the_stack_is_in_the_log_on_stdout(model: Path, tmp_path: Path) -> None:
    (model / "model.pkl").unlink()
    lines = [json.loads(line) for line in _serve(model, tmp_path).stdout.splitlines()]
    stacks = [line["stack"] for line in lines if "stack" in line]
    assert len(stacks) == 1
    assert "FileNotFoundError" in stacks[0]
