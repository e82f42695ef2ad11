"""A server process starts unready, becomes ready once, drains on SIGTERM and exits with 0."""

from __future__ import annotations

import http.client
import json
import shutil
import threading
import time
from pathlib import Path

import mlflow
import pytest

from runtime_process import Answer, ServeProcess


def _say(server: ServeProcess, what: str, answers: list[Answer]) -> threading.Thread:
    body = {"messages": [{"role": "user", "content": what}]}
    thread = threading.Thread(target=lambda: answers.append(server.post(body)))
    thread.start()
    return thread


def test_answers_503_until_the_model_is_loaded_and_200_from_then_on(
    models: Path, tmp_path: Path
) -> None:
    server = ServeProcess(models / "iris-skops", logs=tmp_path).wait_listening()
    try:
        for path in ("/ping", "/health"):
            early = server.get(path)
            assert (early.status, early.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert server.post({"inputs": [1]}).status == 503
        server.wait_ready()
        assert server.get("/health").status == 200
    finally:
        ended = server.stop()
    messages = [line["message"] for line in ended.logged]
    assert messages == [
        "listening",
        "model loaded",
        "warm-up prediction done",
        "ready",
        "draining",
        "stopped",
    ]


def test_tells_the_version_of_mlflow(chat_server: ServeProcess) -> None:
    assert chat_server.get("/version").body.decode() == mlflow.__version__


def test_answers_ping_while_a_prediction_runs(chat_server: ServeProcess) -> None:
    answers: list[Answer] = []
    prediction = _say(chat_server, "stall", answers)
    time.sleep(0.3)
    started = time.monotonic()
    assert chat_server.get("/ping").status == 200
    assert time.monotonic() - started < 1
    assert answers == []
    prediction.join()
    assert answers[0].json == {"answer": "stall"}


def test_runs_predictions_side_by_side(chat_server: ServeProcess) -> None:
    answers: list[Answer] = []
    started = time.monotonic()
    threads = [_say(chat_server, "stall", answers) for _ in range(3)]
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert time.monotonic() - started < 4


def test_keeps_a_connection_for_the_next_request(chat_server: ServeProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", chat_server.port, timeout=10)
    connection.request("GET", "/ping")
    connection.getresponse().read()
    first = connection.sock.getsockname()
    body = json.dumps({"messages": [{"role": "user", "content": "again"}]})
    connection.request("POST", "/invocations", body, {"content-type": "application/json"})
    assert json.loads(connection.getresponse().read()) == {"answer": "again"}
    assert connection.sock.getsockname() == first
    connection.close()


def test_finishes_what_it_accepted_and_refuses_what_comes_after_sigterm(
    models: Path, tmp_path: Path
) -> None:
    server = ServeProcess(models / "chat", logs=tmp_path).wait_ready()
    answers: list[Answer] = []
    accepted = _say(server, "stall", answers)
    time.sleep(0.5)
    server.terminate()
    time.sleep(0.5)
    with pytest.raises(OSError, match="refused"):
        server.get("/ping")
    ended = server.wait_end()
    accepted.join()
    assert answers[0].json == {"answer": "stall"}
    assert (ended.code, ended.stderr) == (0, "")


def test_exits_with_0_when_stopped_while_loading(models: Path, tmp_path: Path) -> None:
    server = ServeProcess(models / "iris-skops", logs=tmp_path).wait_listening()
    server.terminate()
    assert server.wait_end().code == 0


def test_warns_of_a_package_version_other_than_the_models(models: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(models / "iris-skops", tmp_path / "model"))
    (model / "requirements.txt").write_text("scikit-learn==0.24.1\n")
    server = ServeProcess(model, logs=tmp_path).wait_ready()
    try:
        warning = server.wait_logged('"warning"')
    finally:
        server.stop()
    assert "scikit-learn" in warning["message"]
    assert "0.24.1" in warning["message"]


def test_logs_the_stack_of_a_model_that_raises(models: Path, tmp_path: Path) -> None:
    server = ServeProcess(models / "chat", logs=tmp_path).wait_ready()
    server.post({"messages": [{"role": "user", "content": "fail"}]})
    logged = [line for line in server.stop().logged if line["level"] == "error"]
    assert len(logged) == 1
    assert logged[0]["message"] == "the model raised"
    assert "the model's own mistake" in logged[0]["stack"]


def test_hands_serving_model_config_to_the_loader_as_mlflow_does(
    models: Path, tmp_path: Path
) -> None:
    server = ServeProcess(
        models / "iris-skops", logs=tmp_path, SERVING_MODEL_CONFIG="{broken"
    ).wait_listening()
    ended = server.wait_end()
    assert ended.code == 1
    assert "SERVING_MODEL_CONFIG is not valid JSON" in ended.last_line
