"""Owns who asks Azure: an account's key, a signature, a principal, a pod's identity, or nobody."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests

from fairlead_runtime.failure import one_line
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.transfer.answers import explain_broken
from fairlead_runtime.fetch.transfer.attempts import Transient
from fairlead_runtime.fetch.transfer.http import Address

_API_VERSION = "2021-12-02"
_SCOPE = "https://storage.azure.com/.default"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# A token is renewed this long before it expires.
_MARGIN_SECONDS = 300

# The headers of a request that a signature covers, in this order; a GET has the last one only.
_SIGNED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type"),
    *("date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)

Signer = Callable[[str, Mapping[str, str]], Address]


@dataclass(frozen=True)
class Access:
    """The endpoint of the blob service, and how to sign a request to it."""

    endpoint: str
    sign: Signer


def find_access(account: str, endpoint: str, asker: Asker) -> Access:
    """What the environment says about who asks."""
    settings = _parse_connection_string(os.environ.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    endpoint = (
        os.environ.get("AZURE_STORAGE_ENDPOINT") or settings.get("BlobEndpoint") or endpoint
    ).rstrip("/")
    key = _first("AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY") or settings.get("AccountKey")
    if key:
        return Access(endpoint, _by_key(account, key, asker))
    signature = _first("AZURE_STORAGE_SAS_TOKEN") or settings.get("SharedAccessSignature")
    if signature:
        return Access(endpoint, _by_signature(signature.lstrip("?")))
    if os.environ.get("AZURE_TENANT_ID") and os.environ.get("AZURE_CLIENT_ID"):
        return Access(endpoint, _Tokens(asker).sign)
    return Access(endpoint, lambda url, _headers: Address(url, {"x-ms-version": _API_VERSION}))


def _first(*names: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _parse_connection_string(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _by_signature(signature: str) -> Signer:
    def sign(url: str, _headers: Mapping[str, str]) -> Address:
        glue = "&" if "?" in url else "?"
        return Address(f"{url}{glue}{signature}", {"x-ms-version": _API_VERSION})

    return sign


def _by_key(account: str, key: str, asker: Asker) -> Signer:
    try:
        secret = base64.b64decode(key, validate=True)
    except binascii.Error as error:
        cause = "AZURE_STORAGE_ACCESS_KEY is not a key: it is no base64"
        remedy = "copy the key from the account's access keys"
        raise make_failure("CREDENTIALS_INVALID", asker.subject, cause, remedy) from error

    def sign(url: str, headers: Mapping[str, str]) -> Address:
        dated = {
            "x-ms-date": format_datetime(datetime.now(timezone.utc), usegmt=True),
            "x-ms-version": _API_VERSION,
        }
        text = text_to_sign(account, url, {**headers, **dated})
        digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        return Address(url, {**dated, "Authorization": f"SharedKey {account}:{signature}"})

    return sign


def text_to_sign(account: str, url: str, headers: Mapping[str, str]) -> str:
    """What a signature of a GET by an account's key covers (Azure: "Authorize with Shared Key")."""
    given = {name.lower(): value for name, value in headers.items()}
    parts = urlsplit(url)
    queries: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        queries.setdefault(name.lower(), []).append(value)
    lines = ["GET", *(given.get(name, "") for name in _SIGNED)]
    lines += [f"{name}:{given[name]}" for name in sorted(given) if name.startswith("x-ms-")]
    lines.append(f"/{account}{parts.path}")
    lines += [f"{name}:{','.join(sorted(queries[name]))}" for name in sorted(queries)]
    return "\n".join(lines)


class _Tokens:
    """Bearer tokens of a service principal, or of a pod with a federated identity."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._token = ""
        self._expires = 0.0

    def sign(self, url: str, _headers: Mapping[str, str]) -> Address:
        # Two threads that ask at once get two tokens, which does no harm.
        if time.monotonic() > self._expires - _MARGIN_SECONDS:
            self._renew()
        headers = {"x-ms-version": _API_VERSION, "Authorization": f"Bearer {self._token}"}
        return Address(url, headers)

    def _renew(self) -> None:
        authority = os.environ.get("AZURE_AUTHORITY_HOST") or "https://login.microsoftonline.com"
        url = f"{authority.rstrip('/')}/{os.environ['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        try:
            response = self._asker.session.post(
                url, data=self._question(), timeout=(10, 30), allow_redirects=False
            )
            told = response.json()
        except ValueError as error:
            raise self._refused("the answer is not JSON") from error
        except requests.RequestException as error:
            meaning = explain_broken(error, self._asker.subject)
            if isinstance(meaning, Transient):
                raise meaning.failure from error
            raise
        if response.status_code != 200 or "access_token" not in told:
            said = str(told.get("error_description") or told.get("error") or response.status_code)
            raise self._refused(one_line(said, 200))
        self._token = str(told["access_token"])
        self._expires = time.monotonic() + float(told.get("expires_in", 3600))

    def _question(self) -> dict[str, str]:
        question = {
            "grant_type": "client_credentials",
            "client_id": os.environ["AZURE_CLIENT_ID"],
            "scope": _SCOPE,
        }
        secret = os.environ.get("AZURE_CLIENT_SECRET")
        if secret:
            return {**question, "client_secret": secret}
        file = os.environ.get("AZURE_FEDERATED_TOKEN_FILE")
        if not file:
            raise self._refused("neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set")
        assertion = Path(file).read_text().strip()
        return {
            **question,
            "client_assertion_type": _ASSERTION,
            "client_assertion": assertion,
        }

    def _refused(self, cause: str) -> Exception:
        return make_failure(
            "UNAUTHENTICATED",
            self._asker.subject,
            f"Azure gives no token: {cause}",
            "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        )
