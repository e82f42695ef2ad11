"""Owns the models of the journeys: good ones, one that cannot load, one that kills its process."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from fairlead_runtime.mlflow_settings import prepare_environment

prepare_environment()

import mlflow  # noqa: E402
import sklearn  # noqa: E402
import skops  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402
from mlflow.pyfunc import PythonModel  # noqa: E402
from sklearn.datasets import load_iris  # noqa: E402
from sklearn.naive_bayes import GaussianNB  # noqa: E402


class Unloadable(PythonModel):
    """Cannot be loaded: something that it needs is not there."""

    def load_context(self, context: Any) -> None:
        """Fails as a model whose vocabulary file was forgotten does."""
        raise FileNotFoundError("vocabulary.txt was not packed with the model")

    def predict(self, context: Any, model_input, params=None):  # type: ignore[no-untyped-def]
        """Is never reached."""
        return model_input


class Crashing(PythonModel):
    """Ends its whole process while it is loaded, as native code does."""

    def load_context(self, context: Any) -> None:
        """Says something and dies without a Python exception."""
        print("segment 7 of the weights is damaged", file=sys.stderr, flush=True)
        os._exit(134)

    def predict(self, context: Any, model_input, params=None):  # type: ignore[no-untyped-def]
        """Is never reached."""
        return model_input


def main() -> None:
    """Registers iris 1 and 2, unloadable 1 and crashing 1."""
    parser = argparse.ArgumentParser(description="Registers the models of the journeys.")
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifacts", type=Path, help="default: where the tracking server says")
    options = parser.parse_args()
    mlflow.set_tracking_uri(options.tracking_uri)
    if _is_registered():
        return
    artifacts = options.artifacts.absolute().as_uri() if options.artifacts else None
    experiment = mlflow.create_experiment("journeys", artifacts)
    mlflow.set_experiment(experiment_id=experiment)
    _register_iris(added_to_labels=0)
    # The answers of version 2 say that they are its: 10, 11, 12 instead of 0, 1, 2.
    _register_iris(added_to_labels=10)
    _register_python_model("unloadable", Unloadable())
    _register_python_model("crashing", Crashing())


def _is_registered() -> bool:
    """Whether an earlier run has registered the last of them in this registry."""
    return bool(mlflow.MlflowClient().search_registered_models("name = 'crashing'"))


def _register_iris(added_to_labels: int) -> None:
    features, species = load_iris(return_X_y=True, as_frame=True)
    classifier = GaussianNB().fit(features, species + added_to_labels)
    mlflow.sklearn.log_model(
        classifier,
        name="iris",
        registered_model_name="iris",
        signature=infer_signature(features, classifier.predict(features)),
        input_example=features.head(2),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"skops=={skops.__version__}"],
    )


def _register_python_model(name: str, model: PythonModel) -> None:
    mlflow.pyfunc.log_model(
        name=name,
        registered_model_name=name,
        python_model=model,
        pip_requirements=[f"mlflow=={mlflow.__version__}"],
    )


if __name__ == "__main__":
    main()
