"""Owns one fetch from start to end: already there, or brought, checked and published."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.bring import Bringing, bring_files
from fairlead_runtime.fetch.destination import Destination
from fairlead_runtime.fetch.download_causes import explain_download_error
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.marker import Marker
from fairlead_runtime.fetch.progress import Progress, report_progress
from fairlead_runtime.fetch.progress_file import ProgressFile
from fairlead_runtime.fetch.report import Report
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Origin, Source
from fairlead_runtime.fetch.transfer.attempts import Patience

_logger = logging.getLogger(__name__)

_MODEL_FILE = "MLmodel"


@dataclass(frozen=True)
class Request:
    """What to fetch, and how hard to try."""

    source: Source
    destination: Path
    selection: Selection = field(default_factory=Selection)
    model_format: str = "mlflow"
    connections: int = 8
    patience: Patience = field(default_factory=Patience)
    # Where to tell how far it is, besides the log.
    progress_file: Path | None = None

    @property
    def is_mlflow(self) -> bool:
        return self.model_format == "mlflow"

    @property
    def what(self) -> str:
        """How this fetch is remembered; never a credential."""
        # A query that may not be shown still says which model is meant.
        digest = hashlib.sha256(self.source.uri.encode()).hexdigest()[:16]
        hidden = f"#{digest}" if "?***" in self.source.name else ""
        return f"{self.source.name}{hidden} {self.selection}".strip()


def fetch_model(request: Request) -> Report:
    """Makes the directory hold the source's complete model, or raises Failure."""
    destination = Destination(request.destination)
    where = {"source": request.source.name, "destination": str(destination.path)}
    progress, file = Progress(), ProgressFile(request.progress_file)
    # One that was killed has left its last word.
    file.remove()
    with destination.locked():
        held = destination.held(request.what)
        if held is not None:
            _logger.info("already there", extra=where)
            return _report(request, held, progress)
        _logger.info("fetching", extra=where)
        with destination.staging(request.what) as staging:
            try:
                with report_progress(progress, file):
                    marker = _bring(request, staging, destination, progress)
            except Failure:
                raise
            except Exception as error:
                # The failure says the cause in words; the stack is for who looks into this program.
                _logger.debug("the fetch failed", exc_info=error)
                raise explain_download_error(request.source, destination.path, error) from error
        report = _report(request, marker, progress)
        _logger.info("fetched", extra={**where, **report.fields()})
        return report


def _bring(request: Request, staging: Path, destination: Destination, progress: Progress) -> Marker:
    bringing = Bringing(
        request.source,
        staging,
        destination.path,
        request.selection,
        request.is_mlflow,
        request.connections,
        request.patience,
        progress,
    )
    revision = bring_files(bringing)
    model = _find_model(request, staging / "content")
    return destination.publish(model, request.what, revision)


def _find_model(request: Request, fetched: Path) -> Path:
    if not request.is_mlflow:
        if any(entry.is_file() for entry in fetched.rglob("*")):
            return fetched
        cause = "none of its files is wanted" if str(request.selection) else "it holds no files"
        raise make_failure("NOT_A_MODEL", request.source.name, cause, "check the patterns")
    if (fetched / _MODEL_FILE).is_file():
        return fetched
    # An archive or an image usually wraps the model in one directory of its own.
    below = [found.parent for found in fetched.glob(f"*/{_MODEL_FILE}")]
    if request.source.origin in (Origin.WEB, Origin.OCI) and len(below) == 1:
        return below[0]
    raise make_failure(
        "NOT_A_MODEL",
        request.source.name,
        f"there is no {_MODEL_FILE} file in what it holds",
        "name the directory that MLflow logged the model to",
    )


def _report(request: Request, marker: Marker, progress: Progress) -> Report:
    return Report(
        request.source.name,
        marker.revision,
        marker.files,
        marker.bytes,
        progress.received,
        progress.resumed_bytes,
        progress.seconds(),
    )
