"""Failures that no loopback server can bring about are told apart by what they say."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from fairlead_runtime.fetch.download_causes import explain_download_error
from fairlead_runtime.fetch.source import parse_source

SOURCE = parse_source("s3://models/iris")
DESTINATION = Path("/models/iris")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Failed to resolve 'models.example' (Name or service not known)", "SOURCE_UNREACHABLE"),
        ("HTTPSConnectionPool(host='h', port=443): Read timed out.", "CONNECTION_LOST"),
        ("Connection aborted. RemoteDisconnected", "CONNECTION_LOST"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "TLS_FAILED"),
        ("An error occurred (ExpiredToken) when calling ListObjectsV2", "UNAUTHENTICATED"),
        ("API request to endpoint /x failed with error code 401 != 200", "UNAUTHENTICATED"),
        ("##### File a #####\n[Errno 28] No space left on device", "DISK_FULL"),
        ("something that nobody has seen before", "SOURCE_FAILED"),
    ],
)
def test_what_an_exception_says_decides_the_code(said: str, code: str) -> None:
    failure = explain_download_error(SOURCE, DESTINATION, RuntimeError(said))
    assert failure.code == code
    assert str(failure).count("\n") == 0


def test_the_exception_below_decides_when_the_one_on_top_says_nothing() -> None:
    top = RuntimeError("the download failed")
    top.__cause__ = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    failure = explain_download_error(SOURCE, DESTINATION, top)
    assert failure.code == "SOURCE_UNREACHABLE"
    assert "Connection refused" in failure.cause


def test_a_staging_file_that_cannot_be_written_is_the_destinations_fault() -> None:
    staged = "/models/.fairlead-fetch-iris-stage-x/content/model.pkl"
    error = PermissionError(errno.EACCES, "Permission denied", staged)
    failure = explain_download_error(SOURCE, DESTINATION, error)
    assert failure.code == "DESTINATION_UNWRITABLE"
