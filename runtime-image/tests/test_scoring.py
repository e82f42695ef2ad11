"""The server predicts what the model predicts, in every input format of MLflow."""

from __future__ import annotations

import io
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
import pytest

from logged_models import iris
from runtime_process import ServeProcess

ROWS = iris()[0].iloc[[0, 60, 120]]


@pytest.fixture(scope="session")
def expected(models: Path) -> list[int]:
    model = mlflow.pyfunc.load_model(str(models / "iris-skops"))
    return [int(value) for value in model.predict(ROWS)]


def _bodies() -> dict[str, object]:
    split = ROWS.to_dict(orient="split")
    return {
        "dataframe_split": {"dataframe_split": split},
        "dataframe_split without an index": {
            "dataframe_split": {"columns": split["columns"], "data": split["data"]}
        },
        "dataframe_split in a list": {"dataframe_split": [split]},
        "dataframe_records": {"dataframe_records": ROWS.to_dict(orient="records")},
        "instances": {"instances": ROWS.to_dict(orient="records")},
        "inputs": {"inputs": ROWS.to_dict(orient="list")},
    }


@pytest.mark.parametrize("form", _bodies())
def test_answers_a_format_as_the_model_predicts_in_process(
    form: str, iris_server: ServeProcess, expected: list[int]
) -> None:
    answer = iris_server.post(_bodies()[form])
    assert (answer.status, answer.json) == (200, {"predictions": expected})
    assert answer.headers["content-type"] == "application/json"


def test_answers_csv_as_the_model_predicts_in_process(
    iris_server: ServeProcess, expected: list[int]
) -> None:
    answer = iris_server.post(ROWS.to_csv(index=False).encode(), "text/csv; charset=utf-8")
    assert answer.json == {"predictions": expected}


def test_answers_parquet_as_mlflow_does(iris_server: ServeProcess, expected: list[int]) -> None:
    content = io.BytesIO()
    ROWS.to_parquet(content)
    answer = iris_server.post(content.getvalue(), "application/vnd.apache.parquet")
    assert answer.json == {"predictions": expected}


def test_passes_params_to_the_model(multiplier_server: ServeProcess) -> None:
    body = {"dataframe_records": [{"x": 1.5}, {"x": 2.0}], "params": {"factor": 10.0}}
    assert multiplier_server.post(body).json == {"predictions": [{"x": 15.0}, {"x": 20.0}]}


def test_uses_the_default_of_a_param_that_is_not_sent(multiplier_server: ServeProcess) -> None:
    assert multiplier_server.post({"inputs": {"x": [4.0]}}).json == {"predictions": [{"x": 8.0}]}


def test_refuses_a_param_of_the_wrong_type_by_name(multiplier_server: ServeProcess) -> None:
    answer = multiplier_server.post({"inputs": {"x": [4.0]}, "params": {"factor": "many"}})
    assert answer.status == 400
    assert "factor" in answer.json["message"]


def test_hands_llm_input_over_whole_and_answers_unwrapped(chat_server: ServeProcess) -> None:
    answer = chat_server.post({"messages": [{"role": "user", "content": "hello"}]})
    assert (answer.status, answer.json) == (200, {"answer": "hello"})


def test_predicts_many_rows_in_one_request(iris_server: ServeProcess) -> None:
    rows = pd.concat([ROWS] * 100).reset_index(drop=True)
    answer = iris_server.post({"dataframe_split": rows.to_dict(orient="split")})
    assert len(answer.json["predictions"]) == 300
