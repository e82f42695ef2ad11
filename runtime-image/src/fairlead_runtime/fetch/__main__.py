"""Owns the command line of the model fetcher."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from fairlead_runtime.deferred_imports import defer_unused_packages
from fairlead_runtime.failure import DEFAULT_TERMINATION_LOG, Failure, report_failure
from fairlead_runtime.fetch.fetching import fetch_model
from fairlead_runtime.fetch.source import parse_source
from fairlead_runtime.logs import configure_logging
from fairlead_runtime.mlflow_settings import prepare_environment


def main(arguments: list[str]) -> int:
    """Runs one fetch; returns the exit code."""
    options = _parse(arguments)
    configure_logging(options.log_level)
    prepare_environment()
    defer_unused_packages()
    try:
        fetch_model(parse_source(options.source), options.destination)
    except Failure as failure:
        report_failure(failure, options.termination_log)
        return failure.exit_code
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fairlead_runtime.fetch",
        description="Fetches one MLflow model into a directory.",
    )
    parser.add_argument("--source", required=True, help="models:/ runs:/ file:// https:// s3://")
    parser.add_argument("--destination", type=Path, required=True, help="becomes the model")
    parser.add_argument(
        "--log-level", default="info", choices=["debug", "info", "warning", "error"]
    )
    parser.add_argument("--termination-log", type=Path, default=DEFAULT_TERMINATION_LOG)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Download threads of a library must neither hold up the exit nor print after the
    # last line.
    os._exit(code)
