"""Which MLflow server is meant: the cluster's, unless a model's Secret names another one."""

from __future__ import annotations

import os

import pytest

from fairlead_runtime.mlflow_settings import prepare_environment

TRACKING, REGISTRY = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("https://ours", "https://ours-too")),
        ({TRACKING: "https://theirs"}, ("https://theirs", None)),
        ({REGISTRY: "databricks-uc"}, ("https://ours", "databricks-uc")),
    ],
    ids=["the cluster's", "the Secret's server", "the Secret's registry"],
)
def test_a_secret_wins_over_the_cluster(
    given: dict[str, str],
    expected: tuple[str | None, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        os,
        "environ",
        {
            "FAIRLEAD_MLFLOW_TRACKING_URI": "https://ours",
            "FAIRLEAD_MLFLOW_REGISTRY_URI": "https://ours-too",
            **given,
        },
    )
    prepare_environment()
    assert (os.environ.get(TRACKING), os.environ.get(REGISTRY)) == expected
