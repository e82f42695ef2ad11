"""Owns warning about differences between where a model was logged and where it runs."""

from __future__ import annotations

import logging
from pathlib import Path

_logger = logging.getLogger(__name__)


def warn_of_differences(model_dir: Path) -> None:
    """Logs what MLflow's loader would warn of: other package versions, another Python."""
    from mlflow import pyfunc
    from mlflow.models import Model
    from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches

    try:
        requirements = pyfunc._get_pip_requirements_from_model_path(str(model_dir))
        warn_dependency_requirement_mismatches(requirements)
        flavor = Model.load(str(model_dir / "MLmodel")).flavors.get(pyfunc.FLAVOR_NAME, {})
        pyfunc._warn_potentially_incompatible_py_version_if_necessary(flavor.get(pyfunc.PY_VERSION))
    except Exception as error:
        # A model that cannot be compared may still predict.
        _logger.info("the model's requirements cannot be compared: %s", error)
