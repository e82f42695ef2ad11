"""hf:// models come from a hub that keeps large files elsewhere, as the real one does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_server import Asked, Edge, Reply, edge_server, ranged
from runtime_process import Ended, run_fetch

COMMIT = "c0ffee" * 6 + "c0ff"
TOKEN = "hf_0123456789abcdef"
FILES = {
    ".gitattributes": b"*.safetensors filter=lfs",
    "config.json": b'{"model_type": "tiny"}',
    "model.safetensors": b"safe" * 1000,
    "pytorch_model.bin": b"bin" * 1000,
    "onnx/model.onnx": b"onnx",
    "gguf/tiny-Q4_K_M.gguf": b"gguf" * 10,
}
LARGE = (".safetensors", ".bin", ".gguf")


def _sibling(name: str, content: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324
    entry: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": blob}
    if name.endswith(LARGE):
        entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return entry


class Hub:
    """Knows one public model and one behind a gate."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        self.sent = dict(FILES)
        self.content = edge_server(self._content)

    def _content(self, asked: Asked) -> Reply:
        # Signed addresses of the content store; a foreign header would be refused there.
        if "authorization" in asked.headers or asked.query.get("X-Amz-Signature") != "s1gned":
            return Reply(400)
        return ranged(asked, self.sent[asked.path.removeprefix("/")])

    def answer(self, asked: Asked) -> Reply:
        if "/gated/" in asked.path and asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, headers={"x-error-message": "Invalid username or password."})
        for revision in ("main", "v1.0"):
            if asked.path.endswith(f"/tiny/revision/{revision}"):
                siblings = [_sibling(name, content) for name, content in self.files.items()]
                return Reply(200, json.dumps({"sha": COMMIT, "siblings": siblings}).encode())
        name = asked.path.partition(f"/tiny/resolve/{COMMIT}/")[2]
        if name not in self.sent:
            return Reply(404, b'{"error": "Repository not found"}')
        if name.endswith(LARGE):
            address = f"{self.address}/{name}?X-Amz-Signature=s1gned"
            return Reply(302, headers={"location": address})
        return ranged(asked, self.sent[name])

    address = ""


@pytest.fixture
def hub() -> Iterator[tuple[Hub, Edge]]:
    behind = Hub()
    with behind.content as content, edge_server(behind.answer) as edge:
        behind.address = content.address.replace("127.0.0.1", "localhost")
        yield behind, edge


def _fetch(edge: Edge, source: str, tmp_path: Path, *more: str, **variables: str) -> Ended:
    arguments = ("--format", "huggingface", *more)
    return run_fetch(source, tmp_path / "model", *arguments, HF_ENDPOINT=edge.address, **variables)


def _names(tmp_path: Path) -> set[str]:
    model = tmp_path / "model"
    return {str(file.relative_to(model)) for file in model.rglob("*") if file.is_file()} - {
        ".fairlead-model.json"
    }


def test_brings_safetensors_and_leaves_the_other_formats(
    hub: tuple[Hub, Edge], tmp_path: Path
) -> None:
    ended = _fetch(hub[1], "hf://acme/tiny", tmp_path)
    assert (ended.code, ended.stderr) == (0, "")
    assert _names(tmp_path) == {"config.json", "model.safetensors"}
    assert (tmp_path / "model/model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert ended.logged[-1]["revision"] == COMMIT


def test_brings_what_there_is_where_there_are_no_safetensors(
    hub: tuple[Hub, Edge], tmp_path: Path
) -> None:
    del hub[0].files["model.safetensors"]
    assert _fetch(hub[1], "hf://acme/tiny@v1.0", tmp_path).code == 0
    assert "pytorch_model.bin" in _names(tmp_path)


def test_patterns_decide_alone_once_there_are_some(hub: tuple[Hub, Edge], tmp_path: Path) -> None:
    ended = _fetch(hub[1], "hf://acme/tiny", tmp_path, "--include", "*Q4_K_M.gguf")
    assert ended.code == 0
    assert _names(tmp_path) == {"gguf/tiny-Q4_K_M.gguf"}


def test_a_path_names_a_part_of_the_repository(hub: tuple[Hub, Edge], tmp_path: Path) -> None:
    ended = _fetch(hub[1], "hf://acme/tiny@main/gguf", tmp_path, "--include", "*.gguf")
    assert ended.code == 0
    assert _names(tmp_path) == {"tiny-Q4_K_M.gguf"}


def test_a_gated_model_wants_a_token(hub: tuple[Hub, Edge], tmp_path: Path) -> None:
    ended = _fetch(hub[1], "hf://gated/tiny", tmp_path)
    assert ended.code == 1
    assert "Invalid username or password" in ended.last_line
    assert ended.last_line.endswith(
        "set HF_TOKEN in the Secret of model.credentials [UNAUTHENTICATED]"
    )
    assert _fetch(hub[1], "hf://gated/tiny", tmp_path, HF_TOKEN=TOKEN).code == 0


def test_a_missing_model_is_not_found(hub: tuple[Hub, Edge], tmp_path: Path) -> None:
    ended = _fetch(hub[1], "hf://acme/huge", tmp_path)
    assert ended.last_line.startswith("model not found: hf://acme/huge: ")
    assert "Repository not found" in ended.last_line


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_other_content_than_the_repository_names_is_an_error(
    name: str, hub: tuple[Hub, Edge], tmp_path: Path
) -> None:
    hub[0].sent[name] = FILES[name][:-1] + b"?"
    ended = _fetch(hub[1], "hf://acme/tiny", tmp_path)
    assert ended.code == 1
    assert ended.last_line.endswith("[CHECKSUM_MISMATCH]")
    assert not (tmp_path / "model").exists()
