"""Owns which addresses a model may come from."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def find_address_problem(uri: str) -> str:
    """Says why an address is refused: on plain http anybody on the way could replace the code."""
    parts = urlsplit(uri)
    if not parts.hostname:
        return "the URL names no host"
    scheme = parts.scheme.lower()
    if scheme == "https" or (scheme == "http" and is_loopback(parts.hostname)):
        return ""
    return "a model is code, so it is fetched over https only (http: loopback only)"


def find_redirect_problem(url: str, target: str) -> str:
    """Says why a server may not send elsewhere; empty when it may."""
    is_from_here = is_loopback(urlsplit(url).hostname or "")
    if is_loopback(urlsplit(target).hostname or "") and not is_from_here:
        return "that is this pod itself"
    # A store that was configured with a plain address may stay on plain addresses.
    if urlsplit(url).scheme == "http" and not is_from_here:
        return ""
    return find_address_problem(target)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
