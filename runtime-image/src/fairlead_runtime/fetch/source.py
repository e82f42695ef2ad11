"""Owns which sources there are and what a well-formed one looks like."""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from fairlead_runtime.failure import EXIT_BAD_ARGUMENTS, Failure
from fairlead_runtime.redaction import redact


class Origin(enum.Enum):
    """Which code brings the model."""

    REGISTRY = "registry"
    RUN = "run"
    ARTIFACTS = "artifacts"
    WEB = "web"


@dataclass(frozen=True)
class Source:
    """A checked source; `name` is how it may be shown and remembered."""

    uri: str
    origin: Origin
    name: str


_ORIGINS = {
    "models": Origin.REGISTRY,
    "runs": Origin.RUN,
    "mlflow-artifacts": Origin.ARTIFACTS,
    "s3": Origin.ARTIFACTS,
    "file": Origin.ARTIFACTS,
    "https": Origin.WEB,
    "http": Origin.WEB,
}

_SHAPES = {
    "models": (
        re.compile(r"models:/(/[^/]+/)?(?:[^/@]+/[^/]+|[^/@]+@[^/]+|m-[0-9a-f]+)"),
        "models:/<name>/<version> or models:/<name>@<alias>",
    ),
    "runs": (re.compile(r"runs:/[^/]+/.+"), "runs:/<run id>/<path of the model>"),
    "s3": (re.compile(r"s3://[^/]+(/.*)?"), "s3://<bucket>/<path of the model>"),
    "file": (re.compile(r"file:(//)?/.+"), "file:///<absolute path of the model>"),
}


def parse_source(uri: str) -> Source:
    """Checks a source from the command line."""
    name = redact(uri)
    scheme, colon, _rest = uri.partition(":")
    origin = _ORIGINS.get(scheme.lower()) if colon else None
    if origin is None:
        raise _bad(name, "the scheme is not one of " + ", ".join(f"{s}:" for s in _ORIGINS))
    shape = _SHAPES.get(scheme.lower())
    trimmed = uri.rstrip("/")
    if shape is not None and not shape[0].fullmatch(trimmed):
        raise _bad(name, f"it does not have the form {shape[1]}")
    if origin is Origin.WEB:
        problem = find_address_problem(uri)
        if problem:
            raise _bad(name, problem)
        return Source(uri, origin, name)
    return Source(trimmed, origin, redact(trimmed))


def find_address_problem(uri: str) -> str:
    """Says why an address is refused: on plain http anybody on the way could replace the code."""
    parts = urlsplit(uri)
    if not parts.hostname:
        return "the URL names no host"
    scheme = parts.scheme.lower()
    if scheme == "https" or (scheme == "http" and _is_loopback(parts.hostname)):
        return ""
    return "a model is code, so it is fetched over https only (http: loopback only)"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(name: str, cause: str) -> Failure:
    return Failure("SOURCE_INVALID", "source not usable", name, cause, exit_code=EXIT_BAD_ARGUMENTS)
