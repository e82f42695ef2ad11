"""Owns what MLflow knows: where a registered model, a run's model or an artifact really lies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.origins.local import path_of
from fairlead_runtime.fetch.registry import explain_absence
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Origin, Source, parse_source
from fairlead_runtime.fetch.transfer.remote_file import Headers, Listing, Opener, RemoteFile

REMEDIES = {
    "UNAUTHENTICATED": "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
    "MLFLOW_TRACKING_TOKEN, in the Secret of model.credentials",
    "FORBIDDEN": "give the user the permission to read this model",
    "NOT_FOUND": "check the name and the path",
}

_TIMEOUT_SECONDS = 60

# Stores that are read without MLflow: several connections, checksums, resumed after a break.
_DIRECT = frozenset({"s3", "gs", "wasbs", "abfss"})


@dataclass(frozen=True)
class Location:
    """Where a model's files lie: on this disk, in a store that we know, or behind MLflow's code."""

    path: Path | None = None
    source: Source | None = None
    repository: Any = None
    is_proxied: bool = False


def find_location(source: Source) -> Location:
    """Asks the tracking server where a model is."""
    uri = _find_uri(source)
    scheme = urlsplit(uri).scheme
    if scheme in ("", "file"):
        return Location(path=path_of(uri) if scheme else Path(uri))
    if scheme in _DIRECT:
        direct = parse_source(uri)
        return Location(source=Source(direct.uri, direct.origin, source.name))
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

    repository: Any = get_artifact_repository(uri)
    # models:/ of a registry with its own way to hand files out (Unity Catalog) wraps that way.
    repository = getattr(repository, "repo", repository)
    is_proxied = isinstance(repository, HttpArtifactRepository)
    return Location(repository=repository, is_proxied=is_proxied)


def _find_uri(source: Source) -> str:
    if source.origin is Origin.ARTIFACTS:
        if not urlsplit(source.uri).netloc:
            _require_tracking_uri(source)
        return source.uri
    _require_tracking_uri(source)
    import mlflow
    from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository

    if source.origin is Origin.RUN:
        return _find_in_run(mlflow.MlflowClient(), source.uri)
    if mlflow.get_registry_uri().startswith(("databricks", "uc:")):
        return source.uri
    return str(ModelsArtifactRepository.get_underlying_uri(source.uri))


def list_proxied(source: Source, repository: Any, asker: Asker, selection: Selection) -> Listing:
    """The files that a tracking server hands out."""
    found = list(_walk(repository, None))
    if not found:
        absence = explain_absence(source)
        if absence:
            raise make_failure("NOT_FOUND", source.name, absence)
        raise asker.with_remedies(REMEDIES).not_found("there is nothing at this place")
    chosen = selection.pick(found, lambda entry: str(entry.path))
    return Listing(
        tuple(
            RemoteFile(
                path=str(entry.path),
                open=_opener(repository, str(entry.path)),
                size=None if entry.file_size is None else int(entry.file_size),
            )
            for entry in chosen
        )
    )


def _walk(repository: Any, path: str | None) -> Iterator[Any]:
    for entry in repository.list_artifacts(path):
        if entry.is_dir:
            yield from _walk(repository, entry.path)
        else:
            yield entry


def _opener(repository: Any, path: str) -> Opener:
    """MLflow's own request, because it knows every way to log in there."""
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    def open_file(headers: Headers) -> requests.Response:
        credentials = get_default_host_creds(repository.artifact_uri)
        answer: requests.Response = http_request(
            credentials,
            f"/{quote(path)}",
            "GET",
            max_retries=0,
            raise_on_status=False,
            timeout=_TIMEOUT_SECONDS,
            extra_headers={"Accept-Encoding": "identity", **headers},
            stream=True,
        )
        return answer

    return open_file


def _find_in_run(client: Any, uri: str) -> str:
    """The logged model of that name, or else the artifacts at that path."""
    run_id, _, path = uri.removeprefix("runs:/").partition("/")
    run = client.get_run(run_id)
    name, _, below = path.partition("/")
    for model in _models_of(client, run):
        if model.name == name:
            location = str(model.artifact_location).rstrip("/")
            return f"{location}/{below}" if below else location
    return f"{str(run.info.artifact_uri).rstrip('/')}/{path}"


def _models_of(client: Any, run: Any) -> list[Any]:
    from mlflow.exceptions import MlflowException

    try:
        found = client.search_logged_models(
            [run.info.experiment_id], filter_string=f"source_run_id = '{run.info.run_id}'"
        )
        return list(found)
    except MlflowException as error:
        # Servers before MLflow 3 know models as artifacts of runs only.
        if getattr(error, "error_code", "") in ("ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED"):
            return []
        if "404" in str(error):
            return []
        raise


def _require_tracking_uri(source: Source) -> None:
    if os.environ.get("MLFLOW_TRACKING_URI") or os.environ.get("MLFLOW_REGISTRY_URI"):
        return
    raise make_failure(
        "TRACKING_URI_MISSING",
        source.name,
        "MLFLOW_TRACKING_URI is not set",
        "set it to the address of the MLflow server that knows this model",
    )
