"""Statuses and codes of refusals are those that MLflow's own scoring code gives."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow.pyfunc
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server

from runtime_process import ServeProcess

BODIES = {
    "malformed": b'{"inputs": [',
    "an array": b"[1, 2]",
    "a string": b'"text"',
    "no format": b'{"rows": []}',
    "two formats": b'{"inputs": [], "instances": []}',
    "missing column": b'{"dataframe_records": [{"sepal length (cm)": 1.0}]}',
    "wrong type": b'{"dataframe_records": [{"sepal length (cm)": "long"}]}',
    "a split that is text": b'{"dataframe_split": "rows"}',
    "a split without data": b'{"dataframe_split": {"columns": ["a"]}}',
    "empty records": b'{"dataframe_records": []}',
    "unexpected params": b'{"inputs": {"x": [1.0]}, "params": {"depth": 3}}',
}


@pytest.fixture(scope="session")
def model(models: Path) -> mlflow.pyfunc.PyFuncModel:
    return mlflow.pyfunc.load_model(str(models / "iris-skops"))


def _mlflow_outcome(body: bytes, model: mlflow.pyfunc.PyFuncModel) -> tuple[int, str]:
    schema = model.metadata.get_input_schema()
    try:
        answer = scoring_server.invocations(body, "application/json", model, schema)
    except MlflowException as error:
        return error.get_http_status_code(), error.error_code
    return answer.status, "predicted"


@pytest.mark.parametrize("case", BODIES)
def test_refuses_with_the_status_and_code_of_mlflow(
    case: str, iris_server: ServeProcess, model: mlflow.pyfunc.PyFuncModel
) -> None:
    answer = iris_server.post(BODIES[case])
    assert (answer.status, answer.json["error_code"]) == _mlflow_outcome(BODIES[case], model)


def test_predictions_are_byte_for_byte_those_of_mlflow(
    iris_server: ServeProcess, model: mlflow.pyfunc.PyFuncModel, models: Path
) -> None:
    body = (models / "iris-skops" / "serving_input_example.json").read_bytes()
    schema = model.metadata.get_input_schema()
    answer = scoring_server.invocations(body, "application/json", model, schema)
    assert json.loads(answer.response)["predictions"]
    assert iris_server.post(body).body.decode() == answer.response
