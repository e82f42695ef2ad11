"""Owns models in S3 and in whatever else speaks its protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
from botocore import UNSIGNED
from botocore.config import Config

from fairlead_runtime.failure import Failure, describe_exception
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.origins.prefixes import is_below, path_below
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Source
from fairlead_runtime.fetch.transfer.attempts import Patience
from fairlead_runtime.fetch.transfer.checksum import Checksum
from fairlead_runtime.fetch.transfer.http import Address, Locator
from fairlead_runtime.fetch.transfer.remote_file import Headers, Listing, RemoteFile

REMEDIES = {
    "UNAUTHENTICATED": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) in "
    "the Secret of model.credentials, give the pod an identity, or set AWS_NO_SIGN_REQUEST=true "
    "for a public bucket",
    "FORBIDDEN": "allow s3:GetObject and s3:ListBucket on the bucket and the path",
    "NOT_FOUND": "check the names of bucket and path, the region and the endpoint",
}

_EXPIRY_SECONDS = 3600
_MD5_ETAG = re.compile(r'"?(?P<digest>[0-9a-f]{32})"?')

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


def list_files(source: Source, asker: Asker, selection: Selection) -> Listing:
    """The objects below the path, or the one that it names."""
    parts = urlsplit(source.uri)
    client = make_client(asker.patience)
    return list_bucket(client, parts.netloc, source.uri, asker.with_remedies(REMEDIES), selection)


def list_bucket(client: Any, bucket: str, uri: str, asker: Asker, selection: Selection) -> Listing:
    """The same with a client that is there already."""
    prefix = uri.partition("://")[2].partition("/")[2].strip("/")
    try:
        found = list(_list_objects(client, bucket, prefix))
        if not found:
            raise asker.not_found(f"there is no object at or below {prefix!r}")
        client = _follow_region(client, bucket, asker.patience)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        raise _explain(error, asker, bucket) from error
    chosen = selection.pick(found, lambda entry: path_below(str(entry["Key"]), prefix))
    return Listing(tuple(_remote(client, asker, bucket, prefix, entry) for entry in chosen))


def make_client(
    patience: Patience,
    *,
    endpoint: str | None = None,
    key: str | None = None,
    secret: str | None = None,
    region: str | None = None,
) -> Any:
    """A client that is configured as every tool of AWS is: by environment, files, or the pod."""
    # AWS_ENDPOINT_URL is the SDK's own; MLflow's is from the time before.
    endpoint = endpoint or os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None
    configured = endpoint or _environment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    host = (urlsplit(configured).hostname or "") if configured else ""
    # Beside AWS itself hardly a store has a name in the DNS for every bucket.
    style = "path" if host and not host.endswith(".amazonaws.com") else "auto"
    anonymous = os.environ.get("AWS_NO_SIGN_REQUEST", "").lower() in ("true", "1", "yes")
    config = Config(
        signature_version=UNSIGNED if anonymous and key is None else "s3v4",
        s3={"addressing_style": os.environ.get("AWS_S3_ADDRESSING_STYLE") or style},
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        connect_timeout=10,
        read_timeout=60,
    )
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret)
    return session.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region or session.region_name or "us-east-1",
        config=config,
    )


def _environment(*names: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _list_objects(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            if is_below(entry["Key"], prefix):
                yield entry


def _follow_region(client: Any, bucket: str, patience: Patience) -> Any:
    """The SDK follows a bucket to its region by itself; what we sign for the way there does not."""
    if not str(client.meta.endpoint_url).endswith(".amazonaws.com"):
        return client
    answer = client.head_bucket(Bucket=bucket)
    region = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    if not region or region == client.meta.region_name:
        return client
    return make_client(patience, region=region)


def _remote(
    client: Any, asker: Asker, bucket: str, prefix: str, entry: dict[str, Any]
) -> RemoteFile:
    key, etag = str(entry["Key"]), str(entry["ETag"])
    return RemoteFile(
        path=path_below(key, prefix),
        open=asker.opener(_sign(client, bucket, key)),
        size=int(entry["Size"]),
        version=etag,
        etag=etag,
        checksum_of=_checksum_in,
    )


def _sign(client: Any, bucket: str, key: str) -> Locator:
    def locate(_headers: Headers) -> Address:
        url = client.generate_presigned_url(
            "get_object", {"Bucket": bucket, "Key": key}, _EXPIRY_SECONDS
        )
        return Address(str(url))

    return locate


def _checksum_in(headers: Headers) -> Checksum | None:
    """An ETag is the MD5 of the content, unless the object was put in parts or under a key."""
    under_key = headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
    if under_key or "x-amz-server-side-encryption-customer-algorithm" in headers:
        return None
    found = _MD5_ETAG.fullmatch(headers.get("etag", ""))
    return Checksum("md5", found["digest"]) if found else None


def _explain(error: Exception, asker: Asker, bucket: str) -> Failure:
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
