"""Owns downloading a model through MLflow's artifact code, and keeping the errors it swallows."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.source import Origin, Source


class _SwallowedErrors(logging.Handler):
    """Collects exceptions that MLflow only mentions in its debug log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])


def download_artifacts(source: Source, into: Path) -> Path:
    """Downloads the model into a directory; returns where it lies in there."""
    if source.origin in (Origin.REGISTRY, Origin.RUN):
        _require_tracking_uri(source)
    import mlflow.artifacts

    swallowed = _SwallowedErrors()
    # The runs:/ code tries two places and reports neither failure: without this a
    # refused connection or a full disk would read as "check the path".
    runs_logger = logging.getLogger("mlflow.store.artifact.runs_artifact_repo")
    runs_logger.setLevel(logging.DEBUG)
    runs_logger.propagate = False
    runs_logger.addHandler(swallowed)
    try:
        return Path(mlflow.artifacts.download_artifacts(source.uri, dst_path=str(into)))
    except Exception as error:
        if error.__cause__ is None and swallowed.errors:
            raise error from swallowed.errors[-1]
        raise
    finally:
        runs_logger.removeHandler(swallowed)


def _require_tracking_uri(source: Source) -> None:
    if os.environ.get("MLFLOW_TRACKING_URI") or os.environ.get("MLFLOW_REGISTRY_URI"):
        return
    raise Failure(
        "TRACKING_URI_MISSING",
        "no tracking server",
        source.name,
        "MLFLOW_TRACKING_URI is not set",
        "set it to the address of the MLflow server that knows this model",
    )
