"""Azure's addresses, and every way to say who asks, against a store that checks it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_server import Asked, Edge, Reply, edge_server, ranged
from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.origins.azure import parse_place
from fairlead_runtime.fetch.origins.azure_access import text_to_sign
from fairlead_runtime.fetch.source import parse_source
from runtime_process import Ended, run_fetch

KEY = base64.b64encode(b"fairlead test key").decode()
DATED = {"x-ms-date": "Mon, 23 Nov 2026 09:00:00 GMT", "x-ms-version": "2021-12-02"}
SIGNATURE = "sp=rl&sig=c2lnbmF0dXJl"
SOURCE = "wasbs://models@acme.blob.core.windows.net/team/iris"
BLOBS = {"team/iris/MLmodel": b"m", "team/iris/a b/data": b"d" * 5000, "team/iris2/MLmodel": b"x"}


def test_the_text_that_a_key_signs_is_the_one_that_azures_own_library_signs() -> None:
    # The expected signature is that of azure-storage-blob 12 for the same request.
    url = (
        "https://acme.blob.core.windows.net/models"
        "?restype=container&comp=list&include=metadata&prefix=team%2Firis%20a"
    )
    digest = hmac.new(b"fairlead test key", text_to_sign("acme", url, DATED).encode(), "sha256")
    expected = "dnjaFtNQAzjeRcOPicTHFOtx89i+urJs28rdJWfaRck="
    assert base64.b64encode(digest.digest()).decode() == expected


@pytest.mark.parametrize(
    ("uri", "host", "container", "path"),
    [
        (SOURCE, "acme.blob.core.windows.net", "models", "team/iris"),
        ("abfss://m@acme.dfs.core.windows.net/a", "acme.blob.core.windows.net", "m", "a"),
        ("azure://acme/models", "acme.blob.core.windows.net", "models", ""),
    ],
)
def test_every_form_of_address_names_the_same_things(
    uri: str, host: str, container: str, path: str
) -> None:
    place = parse_place(parse_source(uri))
    assert (place.account, place.host, place.container, place.path) == (
        *("acme", host, container, path),
    )


def test_an_address_without_a_container_is_refused() -> None:
    with pytest.raises(Failure, match="it does not have the form wasbs://<container>@<account>"):
        parse_source("wasbs://acme.blob.core.windows.net/models")


def _entry(name: str, content: bytes) -> str:
    md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    length = f"<Content-Length>{len(content)}</Content-Length>"
    properties = f"<Etag>{_etag(content)}</Etag>{length}<Content-MD5>{md5}</Content-MD5>"
    return f"<Blob><Name>{name}</Name><Properties>{properties}</Properties></Blob>"


def _etag(content: bytes) -> str:
    return f"0x{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


def _folder(name: str) -> str:
    return f"<Blob><Name>{name}</Name><Metadata><hdi_isfolder>true</hdi_isfolder></Metadata></Blob>"


class Store:
    """Lists one blob a page, and hands out to whom `admits` says."""

    def __init__(self) -> None:
        self.sent = dict(BLOBS)
        self.etags: dict[str, str] = {}
        self.bearer = ""

    def admits(self, asked: Asked) -> bool:
        given = asked.headers.get("authorization", "")
        if given.startswith("SharedKey acme:"):
            text = text_to_sign("acme", f"http://x{self.target(asked)}", asked.headers)
            digest = hmac.new(b"fairlead test key", text.encode(), hashlib.sha256).digest()
            return given == f"SharedKey acme:{base64.b64encode(digest).decode()}"
        if self.bearer:
            return given == f"Bearer {self.bearer}"
        return asked.query.get("sig") == "c2lnbmF0dXJl"

    @staticmethod
    def target(asked: Asked) -> str:
        query = "&".join(f"{name}={value}" for name, value in asked.query.items())
        return asked.path.replace(" ", "%20") + (f"?{query}" if query else "")

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/tenant/oauth2/v2.0/token":
            if b"client_secret=wrong" in asked.body:
                return Reply(
                    401, b'{"error": "invalid_client", "error_description": "AADSTS7000215"}'
                )
            self.bearer = "t0ken-of-azure"
            return Reply(200, b'{"access_token": "t0ken-of-azure", "expires_in": 3599}')
        if not self.admits(asked):
            said = (
                b"<Error><Code>AuthenticationFailed</Code><Message>bad\nDetails</Message></Error>"
            )
            return Reply(403, said)
        if asked.path == "/models":
            names = [name for name in sorted(BLOBS) if name.startswith(asked.query["prefix"])]
            page = int(asked.query.get("marker", "0"))
            more = f"<NextMarker>{page + 1}</NextMarker>" if page + 1 < len(names) else ""
            listed = _entry(names[page], BLOBS[names[page]]) if names else ""
            blobs = f"<Blobs>{_folder('team/iris')}{listed}</Blobs>"
            return Reply(200, f"<EnumerationResults>{blobs}{more}</EnumerationResults>".encode())
        name = asked.path.removeprefix("/models/")
        if name not in self.sent:
            return Reply(404)
        return ranged(asked, self.sent[name], etag=self.etags.get(name, f'"{_etag(BLOBS[name])}"'))


@pytest.fixture
def store() -> Iterator[tuple[Store, Edge]]:
    behind = Store()
    with edge_server(behind.answer) as edge:
        yield behind, edge


def _fetch(edge: Edge, tmp_path: Path, source: str = SOURCE, **variables: str) -> Ended:
    return run_fetch(
        source,
        tmp_path / "model",
        AZURE_STORAGE_ENDPOINT=edge.address,
        AZURE_AUTHORITY_HOST=edge.address,
        **variables,
    )


PRINCIPAL = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client"}


@pytest.mark.parametrize(
    "variables",
    [
        {"AZURE_STORAGE_ACCESS_KEY": KEY},
        {"AZURE_STORAGE_CONNECTION_STRING": f"AccountName=acme;AccountKey={KEY}"},
        {"AZURE_STORAGE_SAS_TOKEN": f"?{SIGNATURE}"},
        {**PRINCIPAL, "AZURE_CLIENT_SECRET": "secret-of-client"},
    ],
    ids=["an account's key", "a connection string", "a signature", "a service principal"],
)
def test_fetches_for_who_may(
    variables: dict[str, str], store: tuple[Store, Edge], tmp_path: Path
) -> None:
    ended = _fetch(store[1], tmp_path, **variables)
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/a b/data").read_bytes() == BLOBS["team/iris/a b/data"]
    assert ended.logged[-1]["files"] == 2


def test_fetches_with_the_identity_of_a_pod(store: tuple[Store, Edge], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("projected")
    token = str(tmp_path / "token")
    ended = _fetch(store[1], tmp_path, **PRINCIPAL, AZURE_FEDERATED_TOKEN_FILE=token)
    assert (ended.code, ended.stderr) == (0, "")
    assert b"client_assertion=projected" in store[1].asked[0].body


def test_a_wrong_key_is_unauthenticated(store: tuple[Store, Edge], tmp_path: Path) -> None:
    wrong = base64.b64encode(b"another key").decode()
    ended = _fetch(store[1], tmp_path, AZURE_STORAGE_ACCESS_KEY=wrong)
    assert "AuthenticationFailed: bad" in ended.last_line
    assert ended.last_line.endswith("[UNAUTHENTICATED]")
    assert wrong not in ended.stdout + ended.stderr


def test_a_key_that_is_none_is_said_to_be_none(store: tuple[Store, Edge], tmp_path: Path) -> None:
    ended = _fetch(store[1], tmp_path, AZURE_STORAGE_ACCESS_KEY="no base64!")
    assert ended.last_line.endswith("[CREDENTIALS_INVALID]")


def test_a_principal_that_azure_refuses_is_unauthenticated(
    store: tuple[Store, Edge], tmp_path: Path
) -> None:
    ended = _fetch(store[1], tmp_path, **PRINCIPAL, AZURE_CLIENT_SECRET="wrong-secret")
    assert "AADSTS7000215" in ended.last_line
    assert ended.last_line.endswith("[UNAUTHENTICATED]")


def test_what_is_not_there_is_not_found(store: tuple[Store, Edge], tmp_path: Path) -> None:
    ended = _fetch(store[1], tmp_path, "azure://acme/models/nix", AZURE_STORAGE_ACCESS_KEY=KEY)
    assert ended.last_line.startswith("model not found: azure://acme/models/nix: ")


def test_other_content_than_the_listing_says_is_an_error(
    store: tuple[Store, Edge], tmp_path: Path
) -> None:
    store[0].sent["team/iris/MLmodel"] = b"?"
    ended = _fetch(store[1], tmp_path, AZURE_STORAGE_ACCESS_KEY=KEY)
    assert ended.last_line.endswith("[CHECKSUM_MISMATCH]")


def test_a_blob_of_another_state_than_the_listing_is_a_change(
    store: tuple[Store, Edge], tmp_path: Path
) -> None:
    store[0].etags["team/iris/MLmodel"] = '"0x2"'
    ended = _fetch(store[1], tmp_path, AZURE_STORAGE_ACCESS_KEY=KEY)
    assert ended.last_line.endswith("[SOURCE_CHANGED]")
