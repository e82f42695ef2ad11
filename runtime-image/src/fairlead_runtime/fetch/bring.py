"""Owns which code brings which source's files into the staging directory."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairlead_runtime.fetch.archive import Target, extract_archive
from fairlead_runtime.fetch.origins.asking import Asker
from fairlead_runtime.fetch.progress import Progress
from fairlead_runtime.fetch.selection import Selection
from fairlead_runtime.fetch.source import Origin, Source
from fairlead_runtime.fetch.transfer.attempts import Patience
from fairlead_runtime.fetch.transfer.context import Context
from fairlead_runtime.fetch.transfer.http import make_session
from fairlead_runtime.fetch.transfer.journal import Journal
from fairlead_runtime.fetch.transfer.remote_file import Listing, RemoteFile, Unpack
from fairlead_runtime.fetch.transfer.transfer import ARCHIVES, CONTENT, transfer_files

# What a break costs at most, per connection; and what one request asks for.
BLOCK_BYTES = 16 * 1024 * 1024
SPAN_BLOCKS = 8


@dataclass(frozen=True)
class Bringing:
    """One fetch on its way, with what it needs."""

    source: Source
    staging: Path
    destination: Path
    selection: Selection
    is_mlflow: bool
    connections: int
    patience: Patience
    progress: Progress

    @property
    def content(self) -> Path:
        return self.staging / CONTENT


def bring_files(bringing: Bringing) -> str:
    """Fills `content` of the staging directory; returns which state of the source it is."""
    bringing.content.mkdir(exist_ok=True)
    origin = bringing.source.origin
    if origin is Origin.FILE:
        from fairlead_runtime.fetch.origins import local

        return _copy(bringing, local.path_of(bringing.source.uri))
    if origin in (Origin.REGISTRY, Origin.RUN, Origin.ARTIFACTS):
        return _bring_from_mlflow(bringing)
    return _download(bringing, bringing.source)


def _copy(bringing: Bringing, path: Path) -> str:
    from fairlead_runtime.fetch.origins import local

    _empty(bringing.content)
    local.copy_files(
        bringing.source,
        path,
        bringing.content,
        bringing.destination,
        bringing.progress,
        bringing.selection,
    )
    return ""


def _empty(content: Path) -> None:
    """For those who cannot tell what of an earlier run is still the source's."""
    shutil.rmtree(content)
    content.mkdir()


def _bring_from_mlflow(bringing: Bringing) -> str:
    from fairlead_runtime.fetch.origins import mlflow_store

    location = mlflow_store.find_location(bringing.source)
    if location.path is not None:
        return _copy(bringing, location.path)
    if location.source is not None:
        return _download(bringing, location.source)
    if location.is_proxied:
        with make_session(bringing.connections) as session:
            asker = Asker(session, bringing.source.name, bringing.patience)
            listing = mlflow_store.list_proxied(
                bringing.source, location.repository, asker, bringing.selection
            )
        return _transfer(bringing, listing, mlflow_store.REMEDIES)
    # The stores of which only MLflow knows how to speak to them.
    _empty(bringing.content)
    location.repository.download_artifacts("", str(bringing.content))
    return ""


def _download(bringing: Bringing, source: Source) -> str:
    """Lists what a source has, with the one module that knows how, and brings it."""
    with make_session(bringing.connections) as session:
        asker = Asker(session, bringing.source.name, bringing.patience)
        listing, remedies = _list(source, asker, bringing)
        return _transfer(bringing, listing, remedies)


def _list(source: Source, asker: Asker, bringing: Bringing) -> tuple[Listing, Mapping[str, str]]:
    # Each is imported when it is wanted: an SDK takes a quarter of a second and 30 MB.
    match source.origin:
        case Origin.S3:
            from fairlead_runtime.fetch.origins import s3

            return s3.list_files(source, asker, bringing.selection), s3.REMEDIES
        case Origin.GCS:
            from fairlead_runtime.fetch.origins import gcs

            return gcs.list_files(source, asker, bringing.selection), gcs.REMEDIES
        case Origin.AZURE:
            from fairlead_runtime.fetch.origins import azure

            return azure.list_files(source, asker, bringing.selection), azure.REMEDIES
        case Origin.HUB:
            from fairlead_runtime.fetch.origins import hub

            return hub.list_files(source, asker, bringing.selection), hub.REMEDIES
        case Origin.OCI:
            from fairlead_runtime.fetch.origins import oci

            return oci.list_files(source, asker, bringing.selection), oci.REMEDIES
        case _:
            from fairlead_runtime.fetch.origins import web

            return web.list_files(source, asker, bringing.is_mlflow), web.REMEDIES


def _transfer(bringing: Bringing, listing: Listing, remedies: Mapping[str, str]) -> str:
    with Journal(bringing.staging / "journal.jsonl", BLOCK_BYTES) as journal:
        context = Context(
            subject=bringing.source.name,
            destination=bringing.destination,
            remedies=remedies,
            patience=bringing.patience,
            journal=journal,
            progress=bringing.progress,
            block=BLOCK_BYTES,
            span_blocks=SPAN_BLOCKS,
        )
        transfer_files(listing, bringing.staging, context, bringing.connections)
        _unpack(bringing, [file for file in listing.files if file.unpack is not None])
    return listing.revision


def _unpack(bringing: Bringing, archives: list[RemoteFile]) -> None:
    target = Target(
        bringing.content, bringing.destination, bringing.source.name, bringing.selection
    )
    # In the order of the listing: what a layer of an image deletes is in the layers before it.
    for remote in archives:
        archive = bringing.staging / ARCHIVES / remote.path
        extract_archive(archive, target, remote.unpack or Unpack())
        archive.unlink()
