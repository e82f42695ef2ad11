"""Owns the command line of the model server."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from fairlead_runtime.deferred_imports import defer_unused_packages
from fairlead_runtime.failure import DEFAULT_TERMINATION_LOG, Failure, report_failure
from fairlead_runtime.logs import configure_logging
from fairlead_runtime.mlflow_settings import prepare_environment
from fairlead_runtime.serve.process import ServeOptions, run_server

_BODY_LIMIT = 16 * 1024 * 1024


def main(arguments: list[str]) -> int:
    """Runs the server; returns the exit code."""
    options = _parse(arguments)
    configure_logging(options.log_level)
    prepare_environment()
    defer_unused_packages()
    # What MLflow's own scoring server tells the model code it runs.
    os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"
    try:
        run_server(
            ServeOptions(
                model_dir=options.model_dir.absolute(),
                host=options.host,
                port=options.port,
                threads=options.threads,
                body_limit=options.max_body_bytes,
                warm_up=options.warm_up,
            )
        )
    except Failure as failure:
        report_failure(failure, options.termination_log)
        return failure.exit_code
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fairlead_runtime.serve", description="Serves one MLflow model over HTTP."
    )
    parser.add_argument("--model-dir", type=Path, required=True, help="holds the MLmodel file")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one and logs it")
    parser.add_argument(
        "--threads",
        type=int,
        default=min(32, (os.cpu_count() or 1) + 4),
        help="predictions that may run at once",
    )
    parser.add_argument("--max-body-bytes", type=int, default=_BODY_LIMIT)
    parser.add_argument(
        "--warm-up",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="predict the model's input example before becoming ready",
    )
    parser.add_argument(
        "--log-level", default="info", choices=["debug", "info", "warning", "error"]
    )
    parser.add_argument("--termination-log", type=Path, default=DEFAULT_TERMINATION_LOG)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # A loader that is still busy with a model, or a thread the model started, must
    # neither hold up the exit nor print after the last line.
    os._exit(code)
