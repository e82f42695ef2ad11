"""Owns the models of the tests: real ones, saved by MLflow once a session."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

REQUIREMENTS = ["mlflow", "scikit-learn"]

# The server process cannot import this module, so the classes travel inside the model.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Multiplier(mlflow.pyfunc.PythonModel):
    """Multiplies a column by a parameter of the request."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input["x"] * (params or {})["factor"]


class Chat(mlflow.pyfunc.PythonModel):
    """Echoes the last message, and stalls or fails when told to."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        said = model_input["messages"][-1]["content"]
        if said == "fail":
            raise KeyError("the model's own mistake")
        if said == "stall":
            time.sleep(2)
        if said == "odd":
            return {"answer": object()}
        return {"answer": said}


class FailsOnItsExample(mlflow.pyfunc.PythonModel):
    """Cannot predict anything."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        raise RuntimeError("no luck today")


def iris() -> tuple[pd.DataFrame, pd.Series[int]]:
    """The data set, with the columns' real names."""
    return load_iris(return_X_y=True, as_frame=True)  # type: ignore[no-any-return]


def fit_iris() -> LogisticRegression:
    """A classifier small enough to train in every session."""
    return LogisticRegression(max_iter=500).fit(*iris())


def save_models(into: Path) -> None:
    """Saves every model under its name."""
    features, _ = iris()
    for serialization in ("skops", "cloudpickle"):
        mlflow.sklearn.save_model(
            fit_iris(),
            into / f"iris-{serialization}",
            serialization_format=serialization,
            input_example=features.head(2),
            pip_requirements=REQUIREMENTS,
        )
    numbers = pd.DataFrame({"x": [1.0, 2.0]})
    mlflow.pyfunc.save_model(
        into / "multiplier",
        python_model=Multiplier(),
        signature=infer_signature(numbers, numbers["x"], params={"factor": 2.0}),
        input_example=numbers,
        pip_requirements=REQUIREMENTS,
    )
    mlflow.pyfunc.save_model(into / "chat", python_model=Chat(), pip_requirements=REQUIREMENTS)
    mlflow.pyfunc.save_model(
        into / "fails-on-its-example",
        python_model=FailsOnItsExample(),
        input_example=numbers,
        signature=infer_signature(numbers, numbers["x"]),
        pip_requirements=REQUIREMENTS,
    )
