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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
