"""Owns which sources there are and what a well-formed one looks like."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.addresses import find_address_problem
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.redaction import redact


class Origin(enum.Enum):
    """Which code brings the model."""

    REGISTRY = "registry"
    RUN = "run"
    ARTIFACTS = "artifacts"
    S3 = "s3"
    GCS = "gcs"
    AZURE = "azure"
    WEB = "web"
    HUB = "hub"
    OCI = "oci"
    FILE = "file"


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
    "s3": Origin.S3,
    "gs": Origin.GCS,
    "azure": Origin.AZURE,
    "wasbs": Origin.AZURE,
    "abfss": Origin.AZURE,
    "hf": Origin.HUB,
    "oci": Origin.OCI,
    "file": Origin.FILE,
    "https": Origin.WEB,
    "http": Origin.WEB,
}

_SHAPES = {
    "models": (
        re.compile(r"models:/(/[^/]+/)?(?:[^/@]+/[^/]+|[^/@]+@[^/]+|m-[0-9a-f]+)"),
        "models:/<name>/<version> or models:/<name>@<alias>",
    ),
    "runs": (re.compile(r"runs:/[^/]+/.+"), "runs:/<run id>/<path of the model>"),
    "mlflow-artifacts": (
        re.compile(r"mlflow-artifacts:/(/[^/]+/)?[^/].*"),
        "mlflow-artifacts:/<path of the model>",
    ),
    "s3": (re.compile(r"s3://[^/]+(/.*)?"), "s3://<bucket>/<path of the model>"),
    "gs": (re.compile(r"gs://[^/]+(/.*)?"), "gs://<bucket>/<path of the model>"),
    "azure": (
        re.compile(r"azure://[^/@]+/[^/]+(/.*)?"),
        "azure://<account>/<container>/<path of the model>",
    ),
    "wasbs": (
        re.compile(r"wasbs://[^/@]+@[^/@]+(/.*)?"),
        "wasbs://<container>@<account>.blob.core.windows.net/<path of the model>",
    ),
    "abfss": (
        re.compile(r"abfss://[^/@]+@[^/@]+(/.*)?"),
        "abfss://<container>@<account>.dfs.core.windows.net/<path of the model>",
    ),
    "hf": (
        re.compile(r"hf://[\w.-]+/[\w.-]+(@[^@/]+)?(/[^@]+)?"),
        "hf://<organisation>/<model>@<revision>/<path>, the last two if wanted",
    ),
    "oci": (
        re.compile(r"oci://[^/@]+/[a-z0-9._/-]+(:[\w][\w.-]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,})?"),
        "oci://<registry>/<repository>:<tag>@<digest>, one of the last two at least",
    ),
    "file": (re.compile(r"file:(//)?/.+"), "file:///<absolute path of the model>"),
}


def parse_source(uri: str) -> Source:
    """Checks a source from the command line."""
    name = redact(uri)
    scheme, colon, _rest = uri.partition(":")
    scheme = scheme.lower()
    if scheme == "pvc":
        cause = "a volume claim is mounted into the model server, not fetched"
        raise _bad(name, cause, "mount the claim at the directory of the model")
    origin = _ORIGINS.get(scheme) if colon else None
    if origin is None:
        raise _bad(name, "the scheme is not one of " + ", ".join(f"{s}:" for s in _ORIGINS))
    if origin is Origin.WEB:
        problem = find_address_problem(uri)
        if problem:
            raise _bad(name, problem)
        if "@" in urlsplit(uri).netloc:
            cause = "a user in the URL would be seen by everybody who sees the URL"
            raise _bad(name, cause, "set HTTP_USERNAME and HTTP_PASSWORD in model.credentials")
        return Source(uri, origin, name)
    trimmed = uri.rstrip("/")
    pattern, form = _SHAPES[scheme]
    if not pattern.fullmatch(trimmed):
        raise _bad(name, f"it does not have the form {form}")
    return Source(trimmed, origin, redact(trimmed))


def _bad(name: str, cause: str, remedy: str = "") -> Failure:
    return make_failure("URI_INVALID", name, cause, remedy)
