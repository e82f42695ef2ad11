"""Owns turning a model directory into a warmed-up scorer."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from fairlead_runtime.failure import Failure
from fairlead_runtime.serve.compatibility import warn_of_differences

if TYPE_CHECKING:
    from fairlead_runtime.serve.scoring import Scorer

_logger = logging.getLogger(__name__)


def load_scorer(model_dir: Path, *, warm_up: bool) -> Scorer:
    """Loads the model as MLflow does, and predicts its own input example once."""
    from fairlead_runtime.serve.load_causes import explain_load_error

    started = time.monotonic()
    if not (model_dir / "MLmodel").is_file():
        raise Failure(
            "NOT_A_MODEL",
            "not a model",
            str(model_dir),
            "the directory has no MLmodel file" if model_dir.is_dir() else "no such directory",
            "name the directory that holds the MLmodel file",
        )
    try:
        scorer = _load(model_dir)
    except Failure:
        raise
    except Exception as error:
        _logger.error("the model cannot be loaded", exc_info=error)
        warn_of_differences(model_dir)
        raise explain_load_error(model_dir, error) from error
    _logger.info("model loaded", extra={"seconds": round(time.monotonic() - started, 3)})
    if warm_up:
        _predict_example(model_dir, scorer)
    return scorer


def _load(model_dir: Path) -> Scorer:
    import mlflow.pyfunc

    from fairlead_runtime.serve.scoring import Scorer

    config_text = os.environ.get("SERVING_MODEL_CONFIG")
    config = _parse_config(config_text) if config_text else None
    # Without MLflow's own comparison of package versions, which costs start-up time and
    # never changes the outcome: it is made up for once the model is ready.
    model = mlflow.pyfunc.load_model(str(model_dir), suppress_warnings=True, model_config=config)
    return Scorer(model)


def _parse_config(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(
            "CONFIG_INVALID",
            "model cannot be loaded",
            "SERVING_MODEL_CONFIG",
            f"SERVING_MODEL_CONFIG is not valid JSON ({error})",
            "set it to a JSON object, or unset it",
        ) from error


def _predict_example(model_dir: Path, scorer: Scorer) -> None:
    example = model_dir / "serving_input_example.json"
    if not example.is_file():
        _logger.info("no warm-up: the model has no input example")
        return
    started = time.monotonic()
    reply = scorer.score("application/json", example.read_bytes())
    if reply.status != 200:
        raise Failure(
            "WARM_UP_FAILED",
            "warm-up failed",
            str(model_dir),
            "the model cannot predict its own input example: "
            + str(json.loads(reply.body)["message"]),
            "log the model again with an input example that it can predict, "
            "or start the server with --no-warm-up",
        )
    _logger.info("warm-up prediction done", extra={"seconds": round(time.monotonic() - started, 3)})
