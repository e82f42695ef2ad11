"""Owns the MLflow settings that must stand in the environment before MLflow is first imported."""

from __future__ import annotations

import os

# What the cluster's operator says; the Secret of a model may say otherwise by MLflow's own names.
_DEFAULT_OF = {
    "MLFLOW_TRACKING_URI": "FAIRLEAD_MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI": "FAIRLEAD_MLFLOW_REGISTRY_URI",
}


def prepare_environment() -> None:
    """Sets what nobody has set: the server, quiet logging, no progress bars, short retries."""
    # Who names another server does not mean the registry beside the old one.
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        for name, default in _DEFAULT_OF.items():
            if os.environ.get(default):
                os.environ.setdefault(name, os.environ[default])
    # MLflow would otherwise install handlers of its own that write plain text to stderr,
    # where the last line is reserved for the cause of a failure.
    os.environ.setdefault("MLFLOW_CONFIGURE_LOGGING", "false")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # Telemetry starts threads and looks for a network that a model server must not need.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow's own seven retries with doubling pauses take minutes to say "connection
    # refused"; whoever started this process will start it again.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
