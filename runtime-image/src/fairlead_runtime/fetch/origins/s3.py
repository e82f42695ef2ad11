"""Owns models in S3 and in whatever else speaks its protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.origins.prefixes import is_below, path_below
from fairlead_runtime.fetch.origins.s3_errors import explain_s3_error
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

_MD5_ETAG = re.compile(r'"?(?P<digest>[0-9a-f]{32})"?')


def list_files(source: Source, asker: Asker, selection: Selection) -> Listing:
    """The objects below the path, or the one that it names."""
    settings = StoreSettings(_environment("MLFLOW_S3_ENDPOINT_URL") or None)
    return list_bucket(settings, source.uri, asker.with_remedies(REMEDIES), selection)


def list_bucket(settings: StoreSettings, uri: str, asker: Asker, selection: Selection) -> Listing:
    """The same in another vendor's store."""
    bucket, _, prefix = uri.partition("://")[2].partition("/")
    prefix = prefix.strip("/")
    try:
        store = Store(settings, asker.patience)
        found = list(_list_objects(store, bucket, prefix))
        if not found:
            raise asker.not_found(f"there is no object at or below {prefix!r}")
        store = store.follow(bucket, asker.patience)
    except (
        botocore.exceptions.ClientError,
        botocore.exceptions.BotoCoreError,
        ValueError,
    ) as error:
        raise explain_s3_error(error, asker, bucket) from error
    chosen = selection.pick(found, lambda entry: path_below(str(entry["Key"]), prefix))
    return Listing(
        tuple(
            RemoteFile(
                path=path_below(str(entry["Key"]), prefix),
                open=asker.opener(store.locate(bucket, str(entry["Key"]))),
                size=int(entry["Size"]),
                version=str(entry["ETag"]),
                etag=str(entry["ETag"]),
                checksum_of=_checksum_in,
            )
            for entry in chosen
        )
    )


@dataclass(frozen=True)
class StoreSettings:
    """What the environment does not say, or says under another name."""

    endpoint: str | None = None
    key: str | None = None
    secret: str | None = None
    region: str | None = None


class Store:
    """A store, configured as every tool of AWS is: by environment, files, or the pod's identity."""

    def __init__(self, settings: StoreSettings, patience: Patience) -> None:
        session = boto3.Session(
            aws_access_key_id=settings.key, aws_secret_access_key=settings.secret
        )
        self._settings = settings
        self.region = settings.region or session.region_name or "us-east-1"
        is_anonymous = _environment("AWS_NO_SIGN_REQUEST").lower() in ("true", "1", "yes")
        self._credentials = None if is_anonymous else session.get_credentials()
        self.client = self._connect(session, patience, UNSIGNED if is_anonymous else "s3v4")
        # Knows the addresses of objects; their signatures are headers, which no log shows.
        self._addresses = self._connect(session, patience, UNSIGNED)

    def _connect(self, session: Any, patience: Patience, signature: Any) -> Any:
        endpoint = self._settings.endpoint or _environment(
            "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"
        )
        host = urlsplit(endpoint).hostname or ""
        # Beside AWS itself hardly a store has a name in the DNS for every bucket.
        style = "path" if host and not host.endswith(".amazonaws.com") else "auto"
        return session.client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=self.region,
            config=Config(
                signature_version=signature,
                s3={"addressing_style": _environment("AWS_S3_ADDRESSING_STYLE") or style},
                retries={"mode": "standard", "total_max_attempts": patience.attempts},
                connect_timeout=10,
                read_timeout=60,
            ),
        )

    def locate(self, bucket: str, key: str) -> Locator:
        """The address of an object, signed for each request."""
        url = str(
            self._addresses.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
        )

        def locate(headers: Headers) -> Address:
            if self._credentials is None:
                return Address(url)
            request = AWSRequest("GET", url, dict(headers))
            frozen = self._credentials.get_frozen_credentials()
            S3SigV4Auth(frozen, "s3", self.region).add_auth(request)
            return Address(url, dict(request.headers.items()))

        return locate

    def follow(self, bucket: str, patience: Patience) -> Store:
        """The store of the bucket's region: the SDK finds it by itself, a signature does not."""
        if not str(self.client.meta.endpoint_url).endswith(".amazonaws.com"):
            return self
        answer = self.client.head_bucket(Bucket=bucket)
        region = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
        if not region or region == self.region:
            return self
        return Store(replace(self._settings, region=region), patience)


def _environment(*names: str) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _list_objects(store: Store, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            if is_below(entry["Key"], prefix):
                yield entry


def _checksum_in(headers: Headers) -> Checksum | None:
    """An ETag is the MD5 of the content, unless the object was put in parts or under a key."""
    under_key = headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
    if under_key or "x-amz-server-side-encryption-customer-algorithm" in headers:
        return None
    found = _MD5_ETAG.fullmatch(headers.get("etag", ""))
    return Checksum("md5", found["digest"]) if found else None
