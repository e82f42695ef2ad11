"""Owns saying what a registry or a run does hold, when it lacks what was asked for."""

from __future__ import annotations

import re
from typing import Any

from fairlead_runtime.fetch.source import Origin, Source

_NAMED = re.compile(r"models:/(?:/[^/]+/)?(?P<name>[^/@]+)(?:/(?P<version>.+)|@(?P<alias>.+))")
_RUN = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")

_SHOWN_VERSIONS = 10


def explain_absence(source: Source) -> str:
    """Asks the tracking server why the source is not there; empty when that cannot be told."""
    from mlflow import MlflowClient

    try:
        if source.origin is Origin.REGISTRY:
            return _explain_model(MlflowClient(), source.uri)
        if source.origin is Origin.RUN:
            return _explain_run(MlflowClient(), source.uri)
    except Exception:
        # The first failure is the one to report; this one came of asking about it.
        return ""
    return ""


def _explain_model(client: Any, uri: str) -> str:
    named = _NAMED.fullmatch(uri)
    if named is None:
        return ""
    name = named["name"]
    found = client.search_model_versions(f"name = '{name}'")
    versions = sorted({int(entry.version) for entry in found})
    if not versions:
        known = any(
            entry.name == name for entry in client.search_registered_models(f"name = '{name}'")
        )
        missing = "has no versions" if known else "does not exist"
        return f"registered model '{name}' {missing}"
    there = ", ".join(str(version) for version in versions[-_SHOWN_VERSIONS:])
    if len(versions) > _SHOWN_VERSIONS:
        there = f"…, {there}"
    if named["alias"]:
        aliases = sorted(client.get_registered_model(name).aliases)
        if named["alias"] in aliases:
            return ""
        listed = ", ".join(aliases) or "none"
        return (
            f"registered model '{name}' has no alias '{named['alias']}' (aliases there: {listed})"
        )
    if named["version"] in {str(version) for version in versions}:
        return ""
    return f"registered model '{name}' has no version {named['version']} (versions there: {there})"


def _explain_run(client: Any, uri: str) -> str:
    parts = _RUN.fullmatch(uri)
    if parts is None:
        return ""
    try:
        run = client.get_run(parts["run"])
    except Exception as error:
        if getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
            return f"there is no run '{parts['run']}'"
        raise
    listed = [entry.path for entry in client.list_artifacts(run.info.run_id)]
    models = client.search_logged_models(
        [run.info.experiment_id], filter_string=f"source_run_id = '{run.info.run_id}'"
    )
    listed += [model.name for model in models]
    there = ", ".join(sorted(set(listed))) or "none"
    return f"run '{parts['run']}' has no artifact '{parts['path']}' (artifacts there: {there})"
