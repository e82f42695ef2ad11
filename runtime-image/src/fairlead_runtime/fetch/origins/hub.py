"""Owns models of the Hugging Face Hub, and of mirrors that speak its protocol."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import quote

from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker, at
from fairlead_runtime.fetch.origins.prefixes import is_below, path_below
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Source
from fairlead_runtime.fetch.transfer.checksum import GIT_BLOB, Checksum
from fairlead_runtime.fetch.transfer.remote_file import Listing, RemoteFile

REMEDIES = {
    "UNAUTHENTICATED": "check the model's name; if it is private or gated, set HF_TOKEN in the "
    "Secret of model.credentials",
    "FORBIDDEN": "accept the model's terms on its page with the account of HF_TOKEN",
    "NOT_FOUND": "check the model's name and revision",
    "RATE_LIMITED": "set HF_TOKEN: the Hub allows less to those it does not know",
}

_URI = re.compile(r"hf://(?P<model>[^/]+/[^/@]+)(?:@(?P<revision>[^/]+))?(?:/(?P<path>.+))?")

# The same weights in other formats, which no server needs where there are safetensors.
_DUPLICATES = Selection(
    exclude=(
        *("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.ot", "*.tflite"),
        *("*.onnx", "*.onnx_data", "*.gguf", "onnx/", "openvino/", "coreml/", "original/"),
    )
)
_HOUSEKEEPING = Selection(exclude=(".gitattributes", ".gitignore", ".git/"))


def list_files(source: Source, asker: Asker, selection: Selection) -> Listing:
    """The files of one revision, named by its commit from then on."""
    asker = asker.with_remedies(REMEDIES)
    parts = _URI.fullmatch(source.uri)
    if parts is None:
        raise make_failure("URI_INVALID", source.name, "it is not hf://<organisation>/<model>")
    model, revision, prefix = parts["model"], parts["revision"] or "main", parts["path"] or ""
    url = f"{_endpoint()}/api/models/{model}/revision/{quote(revision, safe='')}?blobs=true"
    told = asker.ask_json(at(url, _authorization()))
    commit = str(told.get("sha") or revision)
    entries = [entry for entry in told.get("siblings", ()) if is_below(entry["rfilename"], prefix)]
    if not entries:
        raise asker.not_found(f"revision {revision!r} has nothing at {prefix!r}")
    chosen = selection.pick(
        entries if selection.include else _without_duplicates(entries),
        lambda entry: path_below(str(entry["rfilename"]), prefix),
    )
    return Listing(tuple(_remote(asker, model, commit, prefix, entry) for entry in chosen), commit)


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _authorization() -> dict[str, str]:
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
    return {"Authorization": f"Bearer {token.strip()}"} if token else {}


def _without_duplicates(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = _HOUSEKEEPING.pick(entries, _name)
    if any(_name(entry).endswith(".safetensors") for entry in wanted):
        return _DUPLICATES.pick(wanted, _name)
    return wanted


def _name(entry: dict[str, Any]) -> str:
    return str(entry["rfilename"])


def _remote(
    asker: Asker, model: str, commit: str, prefix: str, entry: dict[str, Any]
) -> RemoteFile:
    name = _name(entry)
    checksum = _checksum(entry)
    size = entry.get("size")
    return RemoteFile(
        path=path_below(name, prefix),
        open=asker.opener(
            at(f"{_endpoint()}/{model}/resolve/{commit}/{quote(name)}", _authorization())
        ),
        size=None if size is None else int(size),
        version=str(checksum or f"{commit}/{name}") if size is not None else "",
        checksum=checksum,
    )


def _checksum(entry: dict[str, Any]) -> Checksum | None:
    # Large files lie beside the repository and have a SHA-256; the others are blobs of git.
    large = entry.get("lfs") or {}
    digest = large.get("sha256") or large.get("oid")
    if digest:
        return Checksum("sha256", str(digest).removeprefix("sha256:"))
    return Checksum(GIT_BLOB, str(entry["blobId"])) if entry.get("blobId") else None
