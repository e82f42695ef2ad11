"""Owns the command line of the model fetcher."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from fairlead_runtime.deferred_imports import defer_unused_packages
from fairlead_runtime.failure import (
    DEFAULT_TERMINATION_LOG,
    Failure,
    report_failure,
    write_termination_log,
)
from fairlead_runtime.fetch.fetching import Request, fetch_model
from fairlead_runtime.fetch.progress_file import VARIABLE
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import parse_source
from fairlead_runtime.fetch.transfer.attempts import Patience
from fairlead_runtime.logs import configure_logging
from fairlead_runtime.mlflow_settings import prepare_environment


def main(arguments: list[str]) -> int:
    """Runs one fetch; returns the exit code."""
    # The first process of a container does not end by a signal that it has no handler for. What was
    # brought stays, so there is nothing to tidy.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    options = _parse(arguments)
    configure_logging(options.log_level)
    prepare_environment()
    defer_unused_packages()
    # The model server may run as another user, who must be able to read what is written here.
    os.umask(0o022)
    try:
        report = fetch_model(_request(options))
    except Failure as failure:
        report_failure(failure, options.termination_log)
        return failure.exit_code
    write_termination_log(str(report), options.termination_log)
    return 0


def _request(options: argparse.Namespace) -> Request:
    return Request(
        source=parse_source(options.source),
        destination=options.destination,
        selection=Selection(tuple(options.include), tuple(options.exclude)),
        model_format=options.format,
        connections=options.connections,
        patience=Patience(attempts=options.attempts),
        progress_file=options.progress_file,
    )


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fairlead_runtime.fetch",
        description="Fetches one model into a directory, whole or not at all.",
    )
    add = parser.add_argument
    add("--source", required=True, help="where the model is, e.g. models:/iris/1 or s3://…")
    add("--destination", type=Path, required=True, help="becomes the model")
    add("--format", default="mlflow", help="mlflow (checked to be one), or any other name")
    add("--include", action="append", default=[], metavar="PATTERN", help="files wanted")
    add("--exclude", action="append", default=[], metavar="PATTERN", help="files not wanted")
    add("--connections", type=_positive, default=8, help="how many at once")
    add("--attempts", type=_positive, default=6, help="how often in vain before giving up")
    add(
        "--progress-file",
        type=Path,
        default=os.environ.get(VARIABLE) or None,
        help=f"told how far it is while it goes on (default: what {VARIABLE} names)",
    )
    add("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    add("--termination-log", type=Path, default=DEFAULT_TERMINATION_LOG)
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("must be from 1 to 64")
    return number


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Download threads of a library must neither hold up the exit nor print after the
    # last line.
    os._exit(code)
