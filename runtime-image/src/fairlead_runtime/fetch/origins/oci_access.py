"""Owns asking a registry: which address, and the token that it wants for it."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from fairlead_runtime.fetch.addresses import find_address_problem, is_loopback
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker, at
from fairlead_runtime.fetch.transfer.http import send_get
from fairlead_runtime.fetch.transfer.remote_file import Headers, Opener

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')

# The hub is asked at another address than the one it is named by.
_HUB_NAMES = frozenset({"docker.io", "index.docker.io"})
_HUB_HOST = "registry-1.docker.io"
_HUB_KEY = "https://index.docker.io/v1/"


class RegistryAccess:
    """One repository, and the token for it once it was asked for."""

    def __init__(self, registry: str, repository: str, asker: Asker) -> None:
        host = _HUB_HOST if registry in _HUB_NAMES else registry
        if registry in _HUB_NAMES and "/" not in repository:
            repository = f"library/{repository}"
        self._base = f"{_scheme(host)}://{host}/v2/{repository}/"
        self._asker = asker
        self._lock = threading.Lock()
        self._login = _find_login(registry, asker)
        self._header = ""

    def ask(self, path: str, headers: Headers) -> requests.Response:
        """A whole small answer, such as a manifest."""
        return self._asker.ask_through(self.opener(path), headers)

    def opener(self, path: str) -> Opener:
        """How to ask for something of the repository; a token is asked for when it is wanted."""

        def open_path(headers: Headers) -> requests.Response:
            used = self._header
            response = self._send(path, headers)
            if response.status_code != 401:
                return response
            challenge = response.headers.get("www-authenticate", "")
            response.close()
            with self._lock:
                # Another thread may have been told the same, and have a new one already.
                if self._header == used:
                    self._header = self._answer(challenge)
            return self._send(path, headers)

        return open_path

    def _send(self, path: str, headers: Headers) -> requests.Response:
        locate = at(self._base + path, {"Authorization": self._header} if self._header else {})
        return send_get(self._asker.session, locate, headers, self._asker.subject)

    def _answer(self, challenge: str) -> str:
        """The header that a registry wants, by what it says it wants."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() != "bearer":
            return self._login
        wants = dict(_CHALLENGE.findall(rest))
        realm = wants.pop("realm", "")
        if not self._is_trusted(realm):
            cause = f"the registry sends for its token to {realm or 'nowhere'}"
            raise make_failure("REDIRECT_REFUSED", self._asker.subject, cause)
        query = urlencode({name: wants[name] for name in ("service", "scope") if name in wants})
        url = f"{realm}{'&' if '?' in realm else '?'}{query}"
        told = self._asker.ask_json(at(url, {"Authorization": self._login} if self._login else {}))
        return f"Bearer {told.get('token') or told.get('access_token') or ''}"

    def _is_trusted(self, realm: str) -> bool:
        registry = urlsplit(self._base)
        is_same = registry.scheme == "http" and urlsplit(realm).hostname == registry.hostname
        return is_same or not find_address_problem(realm)


def _scheme(host: str) -> str:
    plain = os.environ.get("REGISTRY_PLAIN_HTTP", "").lower() in ("true", "1", "yes")
    name = urlsplit(f"//{host}").hostname or ""
    return "http" if plain or is_loopback(name) else "https"


def _find_login(registry: str, asker: Asker) -> str:
    """The header of a login: from two variables, or from a configuration of Docker's."""
    user = os.environ.get("REGISTRY_USERNAME")
    if user:
        return _basic(user, os.environ.get("REGISTRY_PASSWORD", ""))
    text = _docker_configuration()
    if not text:
        return ""
    try:
        logins = json.loads(text).get("auths", {})
        keys = [registry, f"https://{registry}", f"https://{registry}/v1/"]
        if registry in _HUB_NAMES:
            keys.append(_HUB_KEY)
        found = next((logins[key] for key in keys if key in logins), None)
        return "" if found is None else _login_of(found)
    except (ValueError, AttributeError, TypeError) as error:
        cause = "the configuration of Docker is not of the form that kubectl and docker write"
        remedy = "make the Secret by kubectl create secret docker-registry"
        raise make_failure("CREDENTIALS_INVALID", asker.subject, cause, remedy) from error


def _docker_configuration() -> str:
    # The first is the key of a Secret of type kubernetes.io/dockerconfigjson.
    for name in (".dockerconfigjson", "DOCKER_AUTH_CONFIG"):
        if os.environ.get(name):
            return os.environ[name]
    directory = os.environ.get("DOCKER_CONFIG")
    file = Path(directory) / "config.json" if directory else None
    return file.read_text() if file is not None and file.is_file() else ""


def _login_of(entry: dict[str, Any]) -> str:
    if entry.get("auth"):
        # To tell an unusable one here, not by the registry's refusal.
        base64.b64decode(entry["auth"], validate=True)
        return f"Basic {entry['auth']}"
    return _basic(str(entry.get("username", "")), str(entry.get("password", "")))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
