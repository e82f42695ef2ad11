"""Owns what a source says about one of its files, and how to ask for its bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests

from fairlead_runtime.fetch.transfer.checksum import Checksum

Headers = Mapping[str, str]

# Sends one GET with these headers on top of its own; what it raises is an exception of
# requests, or a Failure that trying again does not change.
Opener = Callable[[Headers], requests.Response]


def no_checksum(_headers: Headers) -> Checksum | None:
    """For sources that tell no checksum with the content."""
    return None


@dataclass(frozen=True)
class Unpack:
    """What to do with an archive once it is there; `only` names the one directory wanted."""

    only: str = ""
    # Files of a container image's layer may delete those of the layers below.
    is_layer: bool = False


@dataclass(frozen=True)
class RemoteFile:
    """One file: where it goes, how much it is, and how to know that it arrived whole."""

    path: str
    open: Opener
    # None where the source tells it only with the content.
    size: int | None = None
    # Changes when the content does; empty where the source has no such thing.
    version: str = ""
    # The ETag that its answers have to carry, where the listing tells it.
    etag: str = ""
    checksum: Checksum | None = None
    # For sources that tell the checksum with the content.
    checksum_of: Callable[[Headers], Checksum | None] = no_checksum
    unpack: Unpack | None = None


@dataclass(frozen=True)
class Listing:
    """The files of a model, and the name of exactly this state of it, where there is one."""

    files: tuple[RemoteFile, ...]
    revision: str = ""
