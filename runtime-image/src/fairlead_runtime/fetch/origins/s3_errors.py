"""Owns what the errors of the S3 SDK mean."""

from __future__ import annotations

from urllib.parse import urlsplit

import botocore.exceptions

from fairlead_runtime.failure import Failure, describe_exception
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker

# What the SDK's own exceptions mean.
_CODES = {
    "NoSuchBucket": "NOT_FOUND",
    "NoSuchKey": "NOT_FOUND",
    "404": "NOT_FOUND",
    "AccessDenied": "FORBIDDEN",
    "AllAccessDisabled": "FORBIDDEN",
    "403": "FORBIDDEN",
    "InvalidAccessKeyId": "UNAUTHENTICATED",
    "SignatureDoesNotMatch": "UNAUTHENTICATED",
    "ExpiredToken": "UNAUTHENTICATED",
    "InvalidToken": "UNAUTHENTICATED",
    "TokenRefreshRequired": "UNAUTHENTICATED",
    "SlowDown": "RATE_LIMITED",
}


def explain_s3_error(error: Exception, asker: Asker, bucket: str) -> Failure:
    """The failure that an exception of the SDK stands for."""
    code, cause = _classify(error, bucket)
    return make_failure(code, asker.subject, cause, asker.remedies.get(code, ""))


def _classify(error: Exception, bucket: str) -> tuple[str, str]:
    if isinstance(error, botocore.exceptions.ClientError):
        told = str(error.response.get("Error", {}).get("Code", ""))
        code = _CODES.get(told, "SOURCE_FAILED")
        if told == "NoSuchBucket":
            return code, f"there is no bucket {bucket!r}"
        meanings = {
            "UNAUTHENTICATED": "the credentials are wrong or expired",
            "FORBIDDEN": "the credentials do not allow reading this model",
        }
        said = describe_exception(error)
        return code, f"{meanings[code]} ({said})" if code in meanings else said
    said = describe_exception(error)
    no_credentials = (
        botocore.exceptions.NoCredentialsError,
        botocore.exceptions.PartialCredentialsError,
        botocore.exceptions.CredentialRetrievalError,
    )
    if isinstance(error, no_credentials):
        return "UNAUTHENTICATED", f"there are no credentials ({said})"
    if isinstance(error, botocore.exceptions.SSLError):
        return "TLS_FAILED", f"the server's certificate is not trusted ({said})"
    if isinstance(
        error,
        (botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectTimeoutError),
    ):
        endpoint = urlsplit(str(error.kwargs.get("endpoint_url", ""))).netloc
        return "SOURCE_UNREACHABLE", f"no server answers at {endpoint} ({said})"
    if isinstance(error, botocore.exceptions.HTTPClientError):
        return "CONNECTION_LOST", f"the connection stalled or broke ({said})"
    if isinstance(error, (ValueError, botocore.exceptions.ParamValidationError)):
        return "URI_INVALID", said
    return "SOURCE_FAILED", said
