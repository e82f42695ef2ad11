"""gs:// models come from a Google Cloud Storage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from edge_server import Asked, Reply, edge_server
from origins import google_storage
from runtime_process import run_fetch

OBJECTS = {
    "team/iris/MLmodel": b"m",
    "team/iris/a b/data?.bin": b"d" * 100_000,
    "team/iris2/MLmodel": b"another model",
}


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with google_storage(tmp_path_factory.mktemp("gcs"), OBJECTS) as address:
        yield address


def test_fetches_every_object_below_the_path(storage: str, tmp_path: Path) -> None:
    ended = run_fetch("gs://models/team/iris", tmp_path / "model", STORAGE_EMULATOR_HOST=storage)
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/a b/data?.bin").read_bytes() == OBJECTS["team/iris/a b/data?.bin"]
    assert ended.logged[-1]["files"] == 2


def test_fetches_one_object(storage: str, tmp_path: Path) -> None:
    source = "gs://models/team/iris/a b/data?.bin"
    ended = run_fetch(source, tmp_path / "model", "--format", "gguf", STORAGE_EMULATOR_HOST=storage)
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/data?.bin").is_file()


@pytest.mark.parametrize("source", ["gs://models/team/tulip", "gs://nobody/iris"])
def test_what_is_not_there_is_not_found(source: str, storage: str, tmp_path: Path) -> None:
    ended = run_fetch(source, tmp_path / "model", STORAGE_EMULATOR_HOST=storage)
    assert ended.code == 1
    assert ended.last_line.startswith(f"model not found: {source}: ")
    assert ended.last_line.endswith("[NOT_FOUND]")


def _service_account(address: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "reader@acme.example",
            "private_key": pem,
            "private_key_id": "1",
            "token_uri": f"{address}/token",
        }
    )


def test_a_service_account_gets_a_token_that_the_requests_carry(tmp_path: Path) -> None:
    # The emulator knows no callers, so this is about who asks only.
    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            assert b"urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" in asked.body
            return Reply(200, b'{"access_token": "t0ken-of-google", "expires_in": 3600}')
        assert asked.headers["authorization"] == "Bearer t0ken-of-google"
        return Reply(403, b'{"error": {"code": 403, "message": "reader lacks objects.list"}}')

    with edge_server(answer) as edge:
        ended = run_fetch(
            "gs://models/iris",
            tmp_path / "model",
            GOOGLE_STORAGE_ENDPOINT=edge.address,
            GOOGLE_APPLICATION_CREDENTIALS_JSON=_service_account(edge.address),
        )
    assert "reader lacks objects.list" in ended.last_line
    assert ended.last_line.endswith("[FORBIDDEN]")


def test_an_account_that_google_does_not_know_is_unauthenticated(tmp_path: Path) -> None:
    refusal = b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}'
    with edge_server(lambda _: Reply(400, refusal)) as edge:
        ended = run_fetch(
            "gs://models/iris",
            tmp_path / "model",
            GOOGLE_STORAGE_ENDPOINT=edge.address,
            GOOGLE_APPLICATION_CREDENTIALS_JSON=_service_account(edge.address),
        )
    assert "Invalid JWT Signature" in ended.last_line
    assert ended.last_line.endswith("[UNAUTHENTICATED]")


def test_a_key_that_is_none_is_said_to_be_none_without_quoting_it(tmp_path: Path) -> None:
    ended = run_fetch(
        "gs://models/iris", tmp_path / "model", GOOGLE_APPLICATION_CREDENTIALS_JSON="s3cret!"
    )
    assert ended.last_line.startswith("credentials not usable: gs://models/iris: ")
    assert "s3cret" not in ended.stdout + ended.stderr


def test_keys_of_the_interoperable_protocol_sign_as_for_s3(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=GOOG1KEY/")
        return Reply(403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")

    with edge_server(answer) as edge:
        ended = run_fetch(
            "gs://models/iris",
            tmp_path / "model",
            GOOGLE_STORAGE_ENDPOINT=edge.address,
            GS_ACCESS_KEY_ID="GOOG1KEY",
            GS_SECRET_ACCESS_KEY="secret-of-google",
        )
    assert ended.last_line.endswith("[FORBIDDEN]")
    assert "Storage Object Viewer" in ended.last_line
