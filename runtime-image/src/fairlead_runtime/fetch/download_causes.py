"""Owns saying in words why a download failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fairlead_runtime.failure import Failure, describe_exception, list_causes
from fairlead_runtime.fetch.disk import explain_destination_error, is_disk_full
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.registry import explain_absence
from fairlead_runtime.fetch.source import Source


@dataclass(frozen=True)
class _Cause:
    """A pattern over what the exceptions say, and what it means."""

    pattern: re.Pattern[str]
    code: str
    cause: str
    remedy: str


def _cause(pattern: str, code: str, cause: str, remedy: str) -> _Cause:
    return _Cause(re.compile(pattern), code, cause, remedy)


# MLflow and the SDKs below it turn exceptions into texts, so what went wrong there has to be
# read from texts. The first pattern that is found decides.
_CAUSES = (
    _cause(
        r"No space left on device|Disk quota exceeded|File too large",
        "DISK_FULL",
        "there is no space left for the model",
        "give the volume of the model more space",
    ),
    _cause(
        r"Unable to locate credentials|NoCredentials|PartialCredentials|CredentialRetrievalError",
        "UNAUTHENTICATED",
        "there are no credentials",
        "set them in the Secret of model.credentials, or give the pod an identity",
    ),
    _cause(
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerification",
        "TLS_FAILED",
        "the server's certificate is not trusted",
        "add its authority to the trusted certificates",
    ),
    _cause(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AuthFailure"
        r"|InvalidClientTokenId|Unauthorized|UNAUTHENTICATED|\(401\)|error code 401"
        r"|You are not authenticated",
        "UNAUTHENTICATED",
        "the credentials are missing, wrong or expired",
        "check the credentials",
    ),
    _cause(
        r"AccessDenied|Forbidden|PERMISSION_DENIED|\(403\)|error code 403",
        "FORBIDDEN",
        "the credentials do not allow reading this model",
        "check what the credentials permit",
    ),
    _cause(
        r"Connection refused|Failed to establish a new connection|Name or service not known"
        r"|Temporary failure in name resolution|nodename nor servname|No address associated"
        r"|Could not connect to the endpoint|Network is unreachable|No route to host"
        r"|NameResolutionError|EndpointConnectionError",
        "SOURCE_UNREACHABLE",
        "no server answers",
        "check its address, and that the network lets this pod reach it",
    ),
    _cause(
        r"timed out|Timeout|Connection reset|Connection aborted|Connection broken"
        r"|IncompleteRead|Max retries exceeded|RemoteDisconnected|too many 50\d",
        "CONNECTION_LOST",
        "the connection stalled or broke",
        "try again; if it stays so, check the server and the network",
    ),
    _cause(
        r"\(404\)|error code 404|Not Found|RESOURCE_DOES_NOT_EXIST|No such artifact"
        r"|No such file or directory|does not exist|No versions of model|alias .* not found"
        r"|Failed to download artifacts from path|not found",
        "NOT_FOUND",
        "there is nothing at this place",
        "check the name and the path",
    ),
)


_OF_A_SERVER = frozenset({"SOURCE_UNREACHABLE", "CONNECTION_LOST", "TLS_FAILED"})


def explain_download_error(source: Source, destination: Path, error: BaseException) -> Failure:
    """Maps an exception out of a download to a cause and a remedy."""
    chain = list_causes(error)
    for link in chain:
        if isinstance(link, OSError) and _concerns(link, destination):
            return explain_destination_error(destination, link)
    text = "\n".join(f"{type(link).__name__} {link} {_code(link)}" for link in chain)
    for cause in _CAUSES:
        if not cause.pattern.search(text):
            continue
        if cause.code == "NOT_FOUND":
            absence = explain_absence(source)
            if absence:
                return make_failure(cause.code, source.name, absence)
        said = describe_exception(chain[-1])
        address = _address(text)
        at = f" at {address}" if address and cause.code in _OF_A_SERVER else ""
        return make_failure(cause.code, source.name, f"{cause.cause}{at} ({said})", cause.remedy)
    return make_failure(
        "SOURCE_FAILED",
        source.name,
        describe_exception(error),
        "the log holds the stack of the exception",
    )


def _concerns(error: OSError, destination: Path) -> bool:
    if is_disk_full(error):
        return True
    rooms = (f"{destination.parent}/.fairlead-fetch-", f"{destination}/.fairlead-fetch-")
    return str(error.filename or "").startswith(rooms)


def _address(text: str) -> str:
    pool = re.search(r"host='(?P<host>[^']+)', port=(?P<port>\d+)", text)
    if pool:
        return f"{pool['host']}:{pool['port']}"
    endpoint = re.search(r"endpoint URL: \"(?P<url>[^\"]+)\"", text)
    return urlsplit(endpoint["url"]).netloc if endpoint else ""


def _code(error: BaseException) -> str:
    return str(getattr(error, "error_code", ""))
