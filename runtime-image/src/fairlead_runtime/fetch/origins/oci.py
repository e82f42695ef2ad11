"""Owns models in an OCI registry: artifacts of files, and images with a directory `models`."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from dataclasses import dataclass
from typing import Any

from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.origins.oci_access import RegistryAccess
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Source
from fairlead_runtime.fetch.transfer.checksum import Checksum
from fairlead_runtime.fetch.transfer.remote_file import Listing, RemoteFile, Unpack

REMEDIES = {
    "UNAUTHENTICATED": "set REGISTRY_USERNAME and REGISTRY_PASSWORD, or name a Secret of type "
    "kubernetes.io/dockerconfigjson in model.credentials",
    "FORBIDDEN": "allow the account to pull this repository",
    "NOT_FOUND": "check the names of repository and tag",
}

_URI = re.compile(
    r"oci://(?P<registry>[^/]+)/(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?"
)
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT = {"Accept": ", ".join(_INDEXES + _MANIFESTS)}
# Of digests (OCI image specification, "Registered algorithms").
_ALGORITHMS = ("sha256", "sha512")
_LARGEST_MANIFEST = 4 * 1024 * 1024

# Where an image keeps its model, by the convention of those who mount such images.
_IMAGE_DIRECTORY = "models"
_IMAGE_LAYER = re.compile(r"application/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\..*")
_TITLE = ("org.opencontainers.image.title", "org.cncf.model.filepath", "org.cnai.model.filepath")
_PACKED_TITLE = "io.deis.oras.content.unpack"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "AMD64": "amd64"}


@dataclass(frozen=True)
class _Reference:
    registry: str
    repository: str
    wanted: str


def list_files(source: Source, asker: Asker, selection: Selection) -> Listing:
    """The layers of the manifest, each verified by its digest."""
    asker = asker.with_remedies(REMEDIES)
    reference = _parse(source)
    access = RegistryAccess(reference.registry, reference.repository, asker)
    digest, manifest = _read_manifest(access, asker, reference.wanted)
    if "manifests" in manifest:
        digest, manifest = _read_manifest(access, asker, _choose(manifest, asker))
    layers = [layer for layer in manifest.get("layers", ()) if isinstance(layer, dict)]
    files = [_remote(number, layer, access, asker) for number, layer in enumerate(layers)]
    chosen = [file for file in files if file.unpack or selection.wants(file.path)]
    if not files:
        raise asker.not_found("the manifest has no layers")
    return Listing(tuple(chosen), digest)


def _parse(source: Source) -> _Reference:
    parts = _URI.fullmatch(source.uri)
    if parts is None:
        raise make_failure("URI_INVALID", source.name, "it is not oci://<registry>/<repository>")
    return _Reference(
        parts["registry"], parts["repository"], parts["digest"] or parts["tag"] or "latest"
    )


def _read_manifest(access: RegistryAccess, asker: Asker, wanted: str) -> tuple[str, dict[str, Any]]:
    response = access.ask(f"manifests/{wanted}", _ACCEPT)
    content = response.content
    if len(content) > _LARGEST_MANIFEST:
        raise make_failure("SOURCE_FAILED", asker.subject, "its manifest is too large")
    algorithm = wanted.partition(":")[0] if ":" in wanted else "sha256"
    if algorithm not in _ALGORITHMS:
        cause = f"its manifest has a digest of the kind {algorithm!r}"
        raise make_failure("SOURCE_FAILED", asker.subject, cause, "name a sha256 digest")
    digest = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    if ":" in wanted and wanted != digest:
        cause = f"the manifest has {digest} instead of {wanted}"
        raise make_failure("CHECKSUM_MISMATCH", asker.subject, cause, "look at the registry")
    try:
        manifest = json.loads(content)
    except ValueError as error:
        cause = "the registry answered with something else than a manifest"
        raise make_failure("SOURCE_FAILED", asker.subject, cause) from error
    if not isinstance(manifest, dict) or manifest.get("schemaVersion") != 2:
        cause = "its manifest is of a version that is not known here"
        raise make_failure("SOURCE_FAILED", asker.subject, cause, "push it anew")
    return digest, manifest


def _choose(index: dict[str, Any], asker: Asker) -> str:
    """The manifest for this machine; one that names no platform is good for all."""
    machine = platform.machine()
    wanted = _MACHINES.get(machine, machine)
    there: list[str] = []
    general = ""
    for entry in index["manifests"]:
        place = entry.get("platform") or {}
        name = place.get("architecture", "unknown")
        if name == wanted and place.get("os", "linux") == "linux":
            return str(entry["digest"])
        # Attestations call themselves `unknown`.
        if not place:
            general = general or str(entry["digest"])
        elif name != "unknown":
            there.append(f"{place.get('os')}/{name}")
    if general:
        return general
    listed = ", ".join(there) or "none"
    raise asker.not_found(f"there is nothing for linux/{wanted} (platforms there: {listed})")


def _remote(number: int, layer: dict[str, Any], access: RegistryAccess, asker: Asker) -> RemoteFile:
    digest = str(layer.get("digest", ""))
    algorithm, _, hexadecimal = digest.partition(":")
    if algorithm not in _ALGORITHMS or not re.fullmatch("[0-9a-f]{64,128}", hexadecimal):
        cause = f"it has a layer with the digest {digest!r}"
        raise make_failure("SOURCE_FAILED", asker.subject, cause, "push it anew")
    path, unpack = _place(number, layer)
    return RemoteFile(
        path=path,
        open=access.opener(f"blobs/{digest}"),
        size=int(layer["size"]),
        version=digest,
        checksum=Checksum(algorithm, hexadecimal),
        unpack=unpack,
    )


def _place(number: int, layer: dict[str, Any]) -> tuple[str, Unpack | None]:
    kind = str(layer.get("mediaType", ""))
    notes = layer.get("annotations") or {}
    title = next((str(notes[name]) for name in _TITLE if notes.get(name)), "")
    archive = f"layer-{number:04}.archive"
    if _IMAGE_LAYER.fullmatch(kind) and not title:
        return archive, Unpack(only=_IMAGE_DIRECTORY, is_layer=True)
    if notes.get(_PACKED_TITLE) == "true" or re.search(r"\btar(?:\+\w+)?$", kind):
        # The archive of a directory, which holds that directory's name.
        return archive, Unpack()
    if title:
        return title, None
    return ("model.gguf" if "gguf" in kind else f"layer-{number:04}"), None
