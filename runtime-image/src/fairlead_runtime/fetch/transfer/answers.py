"""Owns what an answer or a broken connection means: go on, try again, or give up with a cause."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import urllib3

from fairlead_runtime.failure import Failure, describe_exception, list_causes, one_line
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.transfer.attempts import Transient

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_CODES = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 410: "NOT_FOUND"}
_CAUSES = {
    "UNAUTHENTICATED": "the credentials are missing, wrong or expired",
    "FORBIDDEN": "the credentials do not allow reading this model",
    "NOT_FOUND": "there is nothing at this place",
}

# Stores say by these words that they do not know who asks, whatever status they choose for it.
_UNKNOWN_CALLER = re.compile(
    r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired"
    r"|AuthenticationFailed|InvalidAuthenticationInfo|NoAuthenticationInformation"
)
_ERROR_BODY_BYTES = 16_384


def explain_answer(
    response: requests.Response, subject: str, remedies: Mapping[str, str]
) -> Failure | Transient:
    """What an answer that is not the wanted one means. Reads and closes it."""
    status = response.status_code
    told = _read_error(response)
    said = f"the server answered {status}" + (f": {told}" if told else "")
    if status in _PASSING:
        code = "RATE_LIMITED" if status == 429 else "SOURCE_FAILED"
        remedy = "try again; if it stays so, look at the server"
        failure = make_failure(code, subject, said, remedies.get(code, remedy))
        return Transient(failure, parse_retry_after(response.headers.get("retry-after")))
    code = _CODES.get(status, "SOURCE_FAILED")
    if status in (400, 401, 403) and _UNKNOWN_CALLER.search(told):
        code = "UNAUTHENTICATED"
    meaning = _CAUSES.get(code)
    cause = f"{meaning} ({said})" if meaning else said
    return make_failure(code, subject, cause, remedies.get(code, ""))


def explain_broken(error: BaseException, subject: str) -> Failure | Transient | None:
    """What an exception of a request means; None where it is none of the network's."""
    if not isinstance(error, (requests.RequestException, urllib3.exceptions.HTTPError, OSError)):
        return None
    if isinstance(error, OSError) and error.filename is not None:
        return None
    chain = list_causes(error)
    text = " ".join(f"{type(link).__name__} {link}" for link in chain)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        return make_failure("URI_INVALID", subject, describe_exception(error))
    address = _address(error, text)
    at = f" at {address}" if address else ""
    said = describe_exception(chain[-1])
    if re.search(r"CERTIFICATE_VERIFY_FAILED|SSLCertVerification|WRONG_VERSION_NUMBER", text):
        return make_failure(
            "TLS_FAILED",
            subject,
            f"the server's certificate is not trusted{at} ({said})",
            "mount its authority and name it in REQUESTS_CA_BUNDLE",
        )
    if re.search(
        r"NewConnectionError|NameResolutionError|ConnectTimeout|Failed to establish"
        r"|Connection refused|Network is unreachable|No route to host",
        text,
    ):
        failure = make_failure(
            "SOURCE_UNREACHABLE",
            subject,
            f"no server answers{at} ({said})",
            "check its address, and that the network lets this pod reach it",
        )
    else:
        failure = make_failure(
            "CONNECTION_LOST",
            subject,
            f"the connection stalled or broke{at} ({said})",
            "try again; if it stays so, check the server and the network",
        )
    return Transient(failure)


def parse_retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds to wait that a Retry-After header asks for; None where it asks for nothing."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError):
        return None
    return max(0.0, at - (time.time() if now is None else now))


def _address(error: BaseException, text: str) -> str:
    request = getattr(error, "request", None)
    if request is not None and request.url:
        return urlsplit(str(request.url)).netloc.rpartition("@")[2]
    pool = re.search(r"host='(?P<host>[^']+)', port=(?P<port>\d+)", text)
    return f"{pool['host']}:{pool['port']}" if pool else ""


def _read_error(response: requests.Response) -> str:
    try:
        body = response.raw.read(_ERROR_BODY_BYTES, decode_content=True).decode(errors="replace")
    except (urllib3.exceptions.HTTPError, OSError, AttributeError):
        body = ""
    finally:
        response.close()
    header = response.headers.get("x-error-message") or response.headers.get("x-error-code", "")
    return one_line(_told_in(body) or header, 300)


def _told_in(body: str) -> str:
    """The cause in an error of S3, Azure or Google; any other page is not worth quoting."""
    parts = [re.search(f"<{tag}>([^<]*)</{tag}>", body) for tag in ("Code", "Message")]
    if any(parts):
        found = [str(part[1]).strip() for part in parts if part]
        return ": ".join(text.splitlines()[0] for text in found if text)
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    error = document.get("error")
    listed = document.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        error = listed[0]
    if isinstance(error, dict):
        said = [error.get("code"), error.get("message")]
        return ": ".join(str(part) for part in said if isinstance(part, str) and part)
    return str(error or document.get("message") or "")
