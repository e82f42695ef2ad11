"""Owns the model that the quickstart serves: trains it once and registers it as version 1."""

from __future__ import annotations

import argparse
from pathlib import Path

from fairlead_runtime.mlflow_settings import prepare_environment

prepare_environment()

import mlflow  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402

EXPERIMENT = "quickstart"


def main() -> None:
    """Trains the classifier unless the registry holds it already."""
    options = _parse()
    mlflow.set_tracking_uri(options.tracking_uri)
    if _is_registered(options.name):
        print(f"models:/{options.name}/1 is registered already")
        return
    _train(options.name, options.artifacts)
    print(f"registered models:/{options.name}/1")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains a classifier on the iris data.")
    parser.add_argument("--tracking-uri", required=True)
    parser.add_argument("--artifacts", type=Path, required=True, help="where model files go")
    parser.add_argument("--name", default="iris", help="name in the model registry")
    return parser.parse_args()


def _is_registered(name: str) -> bool:
    try:
        mlflow.MlflowClient().get_model_version(name, "1")
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return True


def _train(name: str, artifacts: Path) -> None:
    # Only here: finding the model registered must not cost the import of scikit-learn.
    import sklearn
    import skops
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, species = load_iris(return_X_y=True, as_frame=True)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    classifier.fit(features, species)

    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    experiment_id = (
        experiment.experiment_id
        if experiment is not None
        else mlflow.create_experiment(EXPERIMENT, artifact_location=artifacts.absolute().as_uri())
    )
    with mlflow.start_run(experiment_id=experiment_id):
        mlflow.sklearn.log_model(
            classifier,
            name="model",
            registered_model_name=name,
            signature=infer_signature(features, classifier.predict(features)),
            input_example=features.head(2),
            # Left out, MLflow loads the model in a process of its own to find them.
            pip_requirements=[
                f"scikit-learn=={sklearn.__version__}",
                f"skops=={skops.__version__}",
            ],
        )


if __name__ == "__main__":
    main()
