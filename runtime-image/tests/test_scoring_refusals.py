"""What cannot be scored is refused with a stable code and a reason, never with a stack."""

from __future__ import annotations

import pytest

from runtime_process import Answer, ServeProcess

ROW = {
    "sepal length (cm)": 5.1,
    "sepal width (cm)": 3.5,
    "petal length (cm)": 1.4,
    "petal width (cm)": 0.2,
}


def _refused(answer: Answer, status: int, code: str, *words: str) -> None:
    assert answer.status == status
    assert set(answer.json) == {"error_code", "message"}
    assert answer.json["error_code"] == code
    assert "Traceback" not in answer.json["message"]
    for word in words:
        assert word in answer.json["message"]


def test_malformed_json_is_refused_with_its_position(chat_server: ServeProcess) -> None:
    _refused(chat_server.post(b'{"inputs": '), 400, "BAD_REQUEST", "not valid JSON", "column")


def test_bytes_that_are_not_utf8_are_refused(chat_server: ServeProcess) -> None:
    _refused(chat_server.post(b'{"inputs": "\xff"}'), 400, "BAD_REQUEST", "not valid JSON")


@pytest.mark.parametrize("body", [[1, 2], "text", 3, None])
def test_json_that_is_no_object_is_refused(body: object, chat_server: ServeProcess) -> None:
    _refused(chat_server.post(body), 400, "BAD_REQUEST", "JSON dictionary")


def test_two_formats_at_once_are_refused(iris_server: ServeProcess) -> None:
    body = {"dataframe_records": [ROW], "inputs": [ROW]}
    _refused(iris_server.post(body), 400, "BAD_REQUEST", "exactly one", "dataframe_records")


def test_no_format_at_all_is_refused(iris_server: ServeProcess) -> None:
    _refused(iris_server.post({"rows": [ROW]}), 400, "BAD_REQUEST", "exactly one")


def test_a_missing_column_is_refused_by_name(iris_server: ServeProcess) -> None:
    row = {name: value for name, value in ROW.items() if name != "petal width (cm)"}
    answer = iris_server.post({"dataframe_records": [row]})
    _refused(answer, 400, "INVALID_PARAMETER_VALUE", "petal width (cm)", "missing")
    assert answer.json["message"].startswith("The input does not fit the model: ")
    assert "5.1" not in answer.json["message"]


def test_a_column_of_the_wrong_type_is_refused_by_name(iris_server: ServeProcess) -> None:
    answer = iris_server.post({"dataframe_records": [{**ROW, "sepal width (cm)": "wide"}]})
    _refused(answer, 400, "BAD_REQUEST", "sepal width (cm)")


def test_a_split_whose_rows_do_not_fit_its_columns_is_refused(iris_server: ServeProcess) -> None:
    body = {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}
    _refused(iris_server.post(body), 400, "BAD_REQUEST", "columns")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/json; charset=latin-1", "application/json; version=1", ""],
)
def test_a_content_type_it_does_not_read_is_refused(
    content_type: str, chat_server: ServeProcess
) -> None:
    _refused(chat_server.post({"inputs": [1]}, content_type), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_model_that_raises_gives_a_bad_request_with_the_reason(
    chat_server: ServeProcess,
) -> None:
    answer = chat_server.post({"messages": [{"role": "user", "content": "fail"}]})
    _refused(answer, 400, "BAD_REQUEST", "KeyError", "the model's own mistake")


def test_a_prediction_that_is_no_json_is_an_internal_error(chat_server: ServeProcess) -> None:
    answer = chat_server.post({"messages": [{"role": "user", "content": "odd"}]})
    _refused(answer, 500, "INTERNAL_ERROR", "not JSON serializable")


def test_a_body_over_the_limit_is_refused(iris_server: ServeProcess) -> None:
    answer = iris_server.post(b"x" * 100_001)
    _refused(answer, 413, "REQUEST_TOO_LARGE", "100000")


def test_a_body_far_over_the_limit_is_refused_unread(iris_server: ServeProcess) -> None:
    headers = {"content-type": "application/json", "content-length": str(10**9)}
    answer = iris_server.request("POST", "/invocations", b"", headers)
    _refused(answer, 413, "REQUEST_TOO_LARGE")


def test_an_unknown_route_is_not_found(iris_server: ServeProcess) -> None:
    _refused(iris_server.get("/predict"), 404, "ENDPOINT_NOT_FOUND", "/predict")


def test_invocations_wants_a_post(iris_server: ServeProcess) -> None:
    answer = iris_server.get("/invocations")
    _refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"
