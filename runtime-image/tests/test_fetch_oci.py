"""oci:// models come from a registry that gives tokens, as artifacts and as images."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from edge_server import Asked, Edge, Reply, edge_server, ranged
from runtime_process import Ended, run_fetch

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LOGIN = base64.b64encode(b"puller:s3cret-password").decode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _tar(files: dict[str, bytes], *links: tuple[str, str], mode: str = "w:gz") -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return written.getvalue()


class Registry:
    """One repository; whoever comes without a token is sent for one."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.address = ""
        self.is_private = False

    def blob(self, content: bytes, kind: str, **notes: str) -> dict[str, Any]:
        self.blobs[_digest(content)] = content
        named = {f"org.opencontainers.image.{name}": value for name, value in notes.items()}
        descriptor = {"mediaType": kind, "digest": _digest(content), "size": len(content)}
        return {**descriptor, **({"annotations": named} if named else {})}

    def tag(self, name: str, kind: str, **fields: Any) -> dict[str, Any]:
        content = json.dumps({"schemaVersion": 2, "mediaType": kind, **fields}).encode()
        self.manifests[name] = self.manifests[_digest(content)] = (kind, content)
        return {"mediaType": kind, "digest": _digest(content), "size": len(content)}

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/token":
            if self.is_private and asked.headers.get("authorization") != f"Basic {LOGIN}":
                return Reply(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "who?"}]}')
            assert asked.query["scope"] == "repository:team/iris:pull"
            return Reply(200, b'{"token": "t0ken"}')
        if asked.headers.get("authorization") != "Bearer t0ken":
            scope = 'service="registry",scope="repository:team/iris:pull"'
            challenge = f'Bearer realm="{self.address}/token",{scope}'
            return Reply(401, headers={"www-authenticate": challenge})
        kind, _, name = asked.path.removeprefix("/v2/team/iris/").partition("/")
        if kind == "manifests" and name in self.manifests:
            media, content = self.manifests[name]
            return Reply(200, content, {"content-type": media})
        if kind == "blobs" and name in self.blobs:
            return ranged(asked, self.blobs[name])
        return Reply(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown tag"}]}')


@pytest.fixture
def registry() -> Iterator[tuple[Registry, Edge]]:
    behind = Registry()
    with edge_server(behind.answer) as edge:
        behind.address = edge.address
        yield behind, edge


def _fetch(edge: Edge, name: str, tmp_path: Path, *more: str, **variables: str) -> Ended:
    source = f"oci://{edge.address.removeprefix('http://')}/team/iris{name}"
    return run_fetch(source, tmp_path / "model", *more, **variables)


def _content(tmp_path: Path) -> dict[str, bytes]:
    model = tmp_path / "model"
    return {
        str(file.relative_to(model)): file.read_bytes()
        for file in model.rglob("*")
        if file.is_file() and not file.name.startswith(".fairlead-")
    }


def test_brings_the_files_of_an_artifact(registry: tuple[Registry, Edge], tmp_path: Path) -> None:
    behind, edge = registry
    kind = "application/octet-stream"
    layers = [behind.blob(b"m", kind, title="MLmodel"), behind.blob(b"d", kind, title="a/data")]
    tagged = behind.tag("v1", MANIFEST, artifactType="application/x-model", layers=layers)
    ended = _fetch(edge, ":v1", tmp_path)
    assert (ended.code, ended.stderr) == (0, "")
    assert _content(tmp_path) == {"MLmodel": b"m", "a/data": b"d"}
    assert ended.logged[-1]["revision"] == tagged["digest"]


def test_unpacks_the_directory_of_an_artifact(
    registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    layer = behind.blob(
        _tar({"iris/MLmodel": b"m", "iris/data": b"d"}), f"{LAYER}+gzip", title="iris"
    )
    layer["annotations"]["io.deis.oras.content.unpack"] = "true"
    behind.tag("latest", MANIFEST, layers=[layer])
    assert _fetch(edge, ":latest", tmp_path).code == 0
    assert _content(tmp_path) == {"MLmodel": b"m", "data": b"d"}


def test_brings_the_model_of_an_image_for_this_machine(
    registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    below = _tar(
        {"models/MLmodel": b"old", "models/gone": b"x", "bin/sh": b"#!"}, ("lib", "usr/lib")
    )
    above = _tar({"models/MLmodel": b"m", "models/.wh.gone": b"", "models/w/1": b"w"}, mode="w")
    layers = [behind.blob(below, f"{LAYER}+gzip"), behind.blob(_zstd(above), f"{LAYER}+zstd")]
    image = behind.tag("image", MANIFEST, layers=layers)
    foreign = behind.tag("foreign", MANIFEST, layers=[])
    platforms = [{"architecture": "s390x"}, {"architecture": "amd64"}, {"architecture": "arm64"}]
    entries = [
        {**manifest, "platform": {"os": "linux", **platform}}
        for manifest, platform in zip((foreign, image, image), platforms, strict=True)
    ]
    behind.tag("v2", INDEX, manifests=entries)
    ended = _fetch(edge, ":v2", tmp_path)
    assert (ended.code, ended.stderr) == (0, "")
    assert _content(tmp_path) == {"MLmodel": b"m", "w/1": b"w"}


def _zstd(content: bytes) -> bytes:
    return bytes(pyarrow.compress(content, codec="zstd", asbytes=True))


def test_an_image_for_other_machines_is_not_found(
    registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    foreign = behind.tag("foreign", MANIFEST, layers=[])
    platform = {"os": "linux", "architecture": "s390x"}
    behind.tag("v3", INDEX, manifests=[{**foreign, "platform": platform}])
    ended = _fetch(edge, ":v3", tmp_path)
    assert "platforms there: linux/s390x" in ended.last_line
    assert "[NOT_FOUND]" in ended.last_line


@pytest.mark.parametrize("pinned", [_digest(b"other"), f"sha512:{'0' * 128}"])
def test_a_pinned_digest_that_the_manifest_does_not_have_is_an_error(
    pinned: str, registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    behind.tag("v1", MANIFEST, layers=[behind.blob(b"m", "x", title="MLmodel")])
    behind.manifests[pinned] = behind.manifests["v1"]
    ended = _fetch(edge, f":v1@{pinned}", tmp_path)
    assert ended.last_line.endswith("[CHECKSUM_MISMATCH]")


def test_a_layer_that_is_not_what_its_digest_says_is_an_error(
    registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    layer = behind.blob(b"good", "x", title="MLmodel")
    behind.tag("v1", MANIFEST, layers=[layer])
    behind.blobs[layer["digest"]] = b"evil"
    ended = _fetch(edge, ":v1", tmp_path)
    assert ended.last_line.endswith("[CHECKSUM_MISMATCH]")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"REGISTRY_USERNAME": "puller", "REGISTRY_PASSWORD": "s3cret-password"},
        {".dockerconfigjson": '{"auths": {"%s": {"auth": "' + LOGIN + '"}}}'},
        {
            "DOCKER_AUTH_CONFIG": '{"auths": {"https://%s": '
            '{"username": "puller", "password": "s3cret-password"}}}'
        },
    ],
    ids=["two variables", "a Secret of a registry", "a configuration of Docker"],
)
def test_a_private_repository_takes_a_login(
    variables: dict[str, str], registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    behind.is_private = True
    behind.tag("v1", MANIFEST, layers=[behind.blob(b"m", "x", title="MLmodel")])
    host = edge.address.removeprefix("http://")
    named = {name: value.replace("%s", host) for name, value in variables.items()}
    assert _fetch(edge, ":v1", tmp_path, **named).code == 0


def test_a_private_repository_without_a_login_says_what_to_do(
    registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    behind.is_private = True
    ended = _fetch(edge, ":v1", tmp_path)
    assert "set REGISTRY_USERNAME and REGISTRY_PASSWORD" in ended.last_line
    assert ended.last_line.endswith("[UNAUTHENTICATED]")


def test_a_missing_tag_is_not_found(registry: tuple[Registry, Edge], tmp_path: Path) -> None:
    ended = _fetch(registry[1], ":v9", tmp_path)
    assert "unknown tag" in ended.last_line
    assert ended.last_line.endswith("[NOT_FOUND]")


def test_a_link_in_the_directory_of_the_model_is_refused(
    registry: tuple[Registry, Edge], tmp_path: Path
) -> None:
    behind, edge = registry
    layer = _tar({"models/MLmodel": b"m"}, ("models/passwd", "/etc/passwd"))
    behind.tag("v1", MANIFEST, layers=[behind.blob(layer, f"{LAYER}+gzip")])
    ended = _fetch(edge, ":v1", tmp_path)
    assert "is a link or a device" in ended.last_line
    assert ended.last_line.endswith("[ARCHIVE_UNSAFE]")
