"""Owns models in Azure Blob Storage and Data Lake Storage."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.origins.azure_access import Access, find_access
from fairlead_runtime.fetch.origins.prefixes import is_below, path_below
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Source
from fairlead_runtime.fetch.transfer.checksum import parse_base64_checksum
from fairlead_runtime.fetch.transfer.http import Address, Locator
from fairlead_runtime.fetch.transfer.remote_file import Headers, Listing, RemoteFile

REMEDIES = {
    "UNAUTHENTICATED": "set AZURE_STORAGE_ACCESS_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, "
    "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET in the Secret of model.credentials",
    "FORBIDDEN": "give the identity the role Storage Blob Data Reader, or make a signature that "
    "allows reading and listing",
    "NOT_FOUND": "check the names of account, container and path",
}

_URL = re.compile(r"azure://(?P<account>[^/]+)/(?P<container>[^/]+)(?:/(?P<path>.+))?")
_HADOOP = re.compile(r"(?:wasbs|abfss)://(?P<container>[^@]+)@(?P<host>[^/]+)(?:/(?P<path>.+))?")


@dataclass(frozen=True)
class _Place:
    account: str
    host: str
    container: str
    path: str


@dataclass(frozen=True)
class _Blob:
    name: str
    size: int
    etag: str
    md5: str


def list_files(source: Source, asker: Asker, selection: Selection) -> Listing:
    """The blobs below the path, or the one that it names."""
    asker = asker.with_remedies(REMEDIES)
    place = parse_place(source)
    access = find_access(place.account, f"https://{place.host}", asker)
    container = f"{access.endpoint}/{quote(place.container)}"
    found = list(_list_blobs(asker, access, container, place.path))
    if not found:
        raise asker.not_found(f"there is no blob at or below {place.path!r}")
    chosen = selection.pick(found, lambda blob: path_below(blob.name, place.path))
    return Listing(
        tuple(
            RemoteFile(
                path=path_below(blob.name, place.path),
                open=asker.opener(_locate(access, f"{container}/{quote(blob.name)}")),
                size=blob.size,
                version=blob.etag,
                etag=blob.etag,
                checksum=parse_base64_checksum("md5", blob.md5) if blob.md5 else None,
            )
            for blob in chosen
        )
    )


def parse_place(source: Source) -> _Place:
    """Where a source is; raises Failure where it names no place."""
    plain = _URL.fullmatch(source.uri)
    if plain:
        account = plain["account"]
        host = f"{account}.blob.core.windows.net"
        return _Place(account, host, plain["container"], plain["path"] or "")
    hadoop = _HADOOP.fullmatch(source.uri)
    if hadoop is None:
        raise make_failure("URI_INVALID", source.name, "it names no container")
    # An account with a file system of its own serves the same files as blobs.
    host = hadoop["host"].replace(".dfs.", ".blob.", 1)
    return _Place(host.partition(".")[0], host, hadoop["container"], hadoop["path"] or "")


def _locate(access: Access, url: str) -> Locator:
    def locate(headers: Headers) -> Address:
        return access.sign(url, headers)

    return locate


def _list_blobs(asker: Asker, access: Access, container: str, prefix: str) -> Iterator[_Blob]:
    marker = ""
    while True:
        query = {"restype": "container", "comp": "list", "include": "metadata"}
        if prefix:
            query["prefix"] = prefix
        if marker:
            query["marker"] = marker
        url = f"{container}?{urlencode(query, quote_via=quote)}"
        try:
            # The answer of the store that the credentials are for.
            page = ElementTree.fromstring(asker.ask(_locate(access, url)).content)  # noqa: S314
        except ElementTree.ParseError as error:
            cause = "the server answered with something else than a listing"
            raise make_failure("SOURCE_FAILED", asker.subject, cause) from error
        for entry in page.iterfind("Blobs/Blob"):
            if not _is_directory(entry) and is_below(entry.findtext("Name", ""), prefix):
                yield _blob(entry)
        marker = page.findtext("NextMarker", "")
        if not marker:
            return


def _is_directory(entry: ElementTree.Element) -> bool:
    kind = entry.findtext("Properties/ResourceType", "")
    return kind == "directory" or entry.findtext("Metadata/hdi_isfolder", "") == "true"


def _blob(entry: ElementTree.Element) -> _Blob:
    # A listing leaves out the quotes that an ETag has in a header.
    etag = entry.findtext("Properties/Etag", "").strip('"')
    return _Blob(
        entry.findtext("Name", ""),
        int(entry.findtext("Properties/Content-Length", "0")),
        f'"{etag}"' if etag else "",
        entry.findtext("Properties/Content-MD5", ""),
    )
