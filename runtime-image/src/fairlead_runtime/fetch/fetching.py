"""Owns one fetch from start to end: already there, or downloaded, checked and published."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.archive import extract_archive
from fairlead_runtime.fetch.artifacts import download_artifacts
from fairlead_runtime.fetch.destination import Destination
from fairlead_runtime.fetch.download_causes import explain_download_error
from fairlead_runtime.fetch.progress import report_progress
from fairlead_runtime.fetch.source import Origin, Source

_logger = logging.getLogger(__name__)

_MODEL_FILE = "MLmodel"


def fetch_model(source: Source, path: Path) -> None:
    """Makes the directory hold the source's complete model, or raises Failure."""
    destination = Destination(path)
    where = {"source": source.name, "destination": str(destination.path)}
    with destination.locked():
        if destination.holds(source):
            _logger.info("already there", extra=where)
            return
        _logger.info("fetching", extra=where)
        started = time.monotonic()
        with destination.staging() as staging:
            try:
                with report_progress(staging):
                    fetched = _bring(source, staging)
                model = _find_model(source, fetched)
                marker = destination.publish(model, source)
            except Failure:
                raise
            except Exception as error:
                # The failure says the cause in words; the stack is for who looks into this program.
                _logger.debug("the fetch failed", exc_info=error)
                raise explain_download_error(source, destination.path, error) from error
        _logger.info(
            "fetched",
            extra={
                **where,
                "files": marker.files,
                "bytes": marker.bytes,
                "seconds": round(time.monotonic() - started, 2),
            },
        )


def _bring(source: Source, staging: Path) -> Path:
    content = staging / "content"
    content.mkdir()
    if source.origin is not Origin.WEB:
        return download_artifacts(source, content)
    # Imported here because the other origins do not need an HTTP client of ours.
    from fairlead_runtime.fetch.web import download_archive

    archive = staging / "archive"
    download_archive(source, archive)
    extract_archive(archive, content, source.name)
    archive.unlink()
    return content


def _find_model(source: Source, fetched: Path) -> Path:
    if (fetched / _MODEL_FILE).is_file():
        return fetched
    # An archive usually wraps the model in one directory of its own.
    below = [found.parent for found in fetched.glob(f"*/{_MODEL_FILE}")] if fetched.is_dir() else []
    if source.origin is Origin.WEB and len(below) == 1:
        return below[0]
    raise Failure(
        "NOT_A_MODEL",
        "not a model",
        source.name,
        f"there is no {_MODEL_FILE} file in what it holds",
        "name the directory that MLflow logged the model to",
    )
