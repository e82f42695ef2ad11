"""Owns what may never be printed: credentials in URLs and in environment variables."""

from __future__ import annotations

import os
import re

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)"
    r"(?P<rest>[^\s'\"<>]+?)(?=[:;,.)]*(?:[\s'\"<>]|$))"  # a sentence may go on behind it
)

# Libraries tell paths without the server, too ("Max retries exceeded with url: /a?sig=…").
_PATH = re.compile(r"(?P<path>/[^\s'\"<>?]*)\?(?!\*\*\*)[^\s'\"<>)]+")

_SECRET_VARIABLES = (
    ".dockerconfigjson",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_TOKEN",
    "DOCKER_AUTH_CONFIG",
    "GOOGLE_APPLICATION_CREDENTIALS_JSON",
    "GS_SECRET_ACCESS_KEY",
    "HF_TOKEN",
    "HTTP_AUTHORIZATION",
    "HTTP_PASSWORD",
    "HUGGING_FACE_HUB_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "REGISTRY_PASSWORD",
)

# Shorter values would blank out ordinary words of a message.
_SHORTEST_SECRET = 6


def redact(text: str) -> str:
    """Strips user info and query strings from URLs, and blanks known secrets."""
    clean = _PATH.sub(r"\g<path>?***", _URL.sub(_clean_url, text))
    for name in _SECRET_VARIABLES:
        value = os.environ.get(name, "")
        if len(value) >= _SHORTEST_SECRET:
            clean = clean.replace(value, "***")
    return clean


def _clean_url(match: re.Match[str]) -> str:
    # Any query may carry a signature under a name nobody has listed (X-Amz-Signature,
    # sig, token …), so none is kept.
    address, mark, _query = match["rest"].partition("?")
    authority, slash, path = address.partition("/")
    user, _, host = authority.rpartition("@")
    # In Azure's addresses it is the name of a container, not of a user.
    if match["scheme"] in ("wasbs://", "abfss://") and ":" not in user:
        host = authority
    return f"{match['scheme']}{host}{slash}{path}{'?***' if mark else ''}"
