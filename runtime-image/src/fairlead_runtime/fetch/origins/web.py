"""Owns models at an https:// address: one file, or an archive of many."""

from __future__ import annotations

import base64
import os
import re
from urllib.parse import unquote, urlsplit, urlunsplit

from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker, at
from fairlead_runtime.fetch.source import Source
from fairlead_runtime.fetch.transfer.checksum import Checksum, parse_base64_checksum
from fairlead_runtime.fetch.transfer.remote_file import Headers, Listing, RemoteFile, Unpack

REMEDIES = {
    "UNAUTHENTICATED": "set HTTP_AUTHORIZATION (the header's value) or HTTP_USERNAME and "
    "HTTP_PASSWORD in the Secret of model.credentials, or sign the URL",
    "FORBIDDEN": "check what the credentials permit, or sign the URL anew",
    "NOT_FOUND": "check the path of the URL",
}

_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tbz2|txz|tzst|tar\.(?:gz|bz2|xz|zst))$", re.IGNORECASE)
_PINNED = re.compile(r"(?P<algorithm>sha256|sha384|sha512|md5)=(?P<digest>[0-9a-fA-F]{32,128})")


def list_files(source: Source, asker: Asker, is_mlflow: bool) -> Listing:
    """The one file. An MLflow model is a directory, so what has no archive's name is one too."""
    parts = urlsplit(source.uri)
    name = unquote(parts.path).rpartition("/")[2] or "model"
    is_archive = is_mlflow or _ARCHIVE.search(name) is not None
    url = urlunsplit(parts._replace(fragment=""))
    remote = RemoteFile(
        path=name,
        open=asker.opener(at(url, _authorization())),
        checksum=_pinned_checksum(parts.fragment, source),
        checksum_of=checksum_in,
        unpack=Unpack() if is_archive else None,
    )
    return Listing((remote,))


def checksum_in(headers: Headers) -> Checksum | None:
    """The checksum of a whole file among an answer's headers."""
    # RFC 9530 and its forerunner RFC 3230.
    for name in ("repr-digest", "digest"):
        found = re.search(r"sha-256=:?(?P<digest>[A-Za-z0-9+/=]+?):?(?:,|$)", headers.get(name, ""))
        if found:
            return parse_base64_checksum("sha256", found["digest"])
    stored = re.search(r"md5=(?P<digest>[A-Za-z0-9+/=]+)", headers.get("x-goog-hash", ""))
    if stored:
        return parse_base64_checksum("md5", stored["digest"])
    # That of a range is of the range alone.
    if "content-md5" in headers and "content-range" not in headers:
        return parse_base64_checksum("md5", headers["content-md5"])
    return None


def _pinned_checksum(fragment: str, source: Source) -> Checksum | None:
    if not fragment:
        return None
    found = _PINNED.fullmatch(fragment)
    if not found:
        cause = "what follows # is not sha256=<hexadecimal digest>"
        raise make_failure("URI_INVALID", source.name, cause)
    return Checksum(found["algorithm"], found["digest"].lower())


def _authorization() -> dict[str, str]:
    given = os.environ.get("HTTP_AUTHORIZATION")
    if given:
        return {"Authorization": given}
    user = os.environ.get("HTTP_USERNAME")
    if user:
        pair = f"{user}:{os.environ.get('HTTP_PASSWORD', '')}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {}
