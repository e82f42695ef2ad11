"""Owns models in Google Cloud Storage."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from fairlead_runtime.failure import describe_exception
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.origins.prefixes import is_below, path_below
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Source
from fairlead_runtime.fetch.transfer.checksum import parse_base64_checksum
from fairlead_runtime.fetch.transfer.http import Address, Locator
from fairlead_runtime.fetch.transfer.remote_file import Headers, Listing, RemoteFile

REMEDIES = {
    "UNAUTHENTICATED": "set GOOGLE_APPLICATION_CREDENTIALS_JSON (a service account's key) or "
    "GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY in the Secret of model.credentials, or give the "
    "pod an identity",
    "FORBIDDEN": "give the account the role Storage Object Viewer on the bucket",
    "NOT_FOUND": "check the names of bucket and path",
}

_ENDPOINT = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_FIELDS = "nextPageToken,items(name,size,generation,md5Hash,contentEncoding)"


def list_files(source: Source, asker: Asker, selection: Selection) -> Listing:
    """The objects below the path, or the one that it names."""
    asker = asker.with_remedies(REMEDIES)
    bucket, _, prefix = source.uri.removeprefix("gs://").partition("/")
    key = os.environ.get("GS_ACCESS_KEY_ID")
    if key:
        from fairlead_runtime.fetch.origins import s3

        secret = os.environ.get("GS_SECRET_ACCESS_KEY", "")
        store = s3.StoreSettings(_endpoint(), key, secret, region="auto")
        return s3.list_bucket(store, source.uri, asker, selection)
    authorize = _Authorization(asker)
    found = list(_list_objects(asker, authorize, bucket, prefix))
    if not found:
        raise asker.not_found(f"there is no object at or below {prefix!r}")
    chosen = selection.pick(found, lambda item: path_below(str(item["name"]), prefix))
    return Listing(tuple(_remote(asker, authorize, bucket, prefix, item) for item in chosen))


def _endpoint() -> str:
    emulator = os.environ.get("STORAGE_EMULATOR_HOST")
    if not emulator:
        return os.environ.get("GOOGLE_STORAGE_ENDPOINT", _ENDPOINT).rstrip("/")
    return (emulator if "://" in emulator else f"http://{emulator}").rstrip("/")


class _Authorization:
    """The header that says who asks; none where nobody is configured (public buckets)."""

    def __init__(self, asker: Asker) -> None:
        self._subject = asker.subject
        self._session = asker.session
        self._credentials = self._find()

    def headers(self) -> dict[str, str]:
        if self._credentials is None:
            return {}
        import google.auth.exceptions
        from google.auth.transport.requests import Request

        try:
            if not self._credentials.valid:
                self._credentials.refresh(Request(session=self._session))
        except google.auth.exceptions.GoogleAuthError as error:
            raise self._unusable("UNAUTHENTICATED", describe_exception(error)) from error
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def locate(self, url: str) -> Locator:
        return lambda _headers: Address(url, self.headers())

    def _find(self) -> Any:
        if os.environ.get("STORAGE_EMULATOR_HOST"):
            return None
        import google.auth
        import google.auth.exceptions

        given = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS_JSON")
        try:
            if given:
                load: Any = google.auth.load_credentials_from_dict
                return load(json.loads(given), [_SCOPE])[0]
            return google.auth.default([_SCOPE])[0]
        except google.auth.exceptions.DefaultCredentialsError as error:
            if given or os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
                raise self._unusable("CREDENTIALS_INVALID", describe_exception(error)) from error
            return None
        except ValueError as error:
            # Not the exception's own words: they may quote the key.
            cause = "GOOGLE_APPLICATION_CREDENTIALS_JSON is not a service account's key in JSON"
            raise self._unusable("CREDENTIALS_INVALID", cause) from error

    def _unusable(self, code: str, cause: str) -> Exception:
        return make_failure(code, self._subject, cause, REMEDIES["UNAUTHENTICATED"])


def _list_objects(
    asker: Asker, authorization: _Authorization, bucket: str, prefix: str
) -> Iterator[dict[str, Any]]:
    base = f"{_endpoint()}/storage/v1/b/{quote(bucket, safe='')}/o"
    token = ""
    while True:
        query = {"prefix": prefix, "fields": _FIELDS, "maxResults": "1000"}
        if token:
            query["pageToken"] = token
        page = asker.ask_json(authorization.locate(f"{base}?{urlencode(query)}"))
        for item in page.get("items", ()):
            if is_below(item["name"], prefix):
                yield item
        token = page.get("nextPageToken", "")
        if not token:
            return


def _remote(
    asker: Asker, authorization: _Authorization, bucket: str, prefix: str, item: dict[str, Any]
) -> RemoteFile:
    generation = str(item.get("generation", ""))
    query = {"alt": "media", **({"generation": generation} if generation else {})}
    url = (
        f"{_endpoint()}/download/storage/v1/b/{quote(bucket, safe='')}"
        f"/o/{quote(item['name'], safe='')}?{urlencode(query)}"
    )
    stored_packed = item.get("contentEncoding") == "gzip"

    def locate(_headers: Headers) -> Address:
        # What is stored packed is otherwise sent unpacked, and size and checksum are of the other.
        packed = {"Accept-Encoding": "gzip"} if stored_packed else {}
        return Address(url, {**authorization.headers(), **packed})

    return RemoteFile(
        path=path_below(str(item["name"]), prefix),
        open=asker.opener(locate),
        size=int(item["size"]),
        version=generation,
        # Objects that were put together from parts have none.
        checksum=parse_base64_checksum("md5", item["md5Hash"]) if "md5Hash" in item else None,
    )
