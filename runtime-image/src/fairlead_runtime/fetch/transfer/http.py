"""Owns one HTTP GET: redirects that lead nowhere unsafe, credentials that go to one host only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from fairlead_runtime.fetch.addresses import find_redirect_problem
from fairlead_runtime.fetch.failures import make_failure

_CONNECT_SECONDS = 10
_STALL_SECONDS = 60
_REDIRECTS = 5

# What may follow a redirect to another host: nothing that anybody could be impersonated with.
_HARMLESS = frozenset({"range", "if-range", "accept", "accept-encoding", "user-agent"})


@dataclass(frozen=True)
class Address:
    """Where to ask, and with which headers."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


# Makes the address of one request, whose headers it may have to sign. It is asked for every
# request, because signatures and tokens expire.
Locator = Callable[[Mapping[str, str]], Address]


def make_session(connections: int) -> requests.Session:
    """A session for so many threads. It tries nothing again: who calls it knows better when to."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=8, pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = "fairlead-fetch"
    # A server may otherwise declare an archive's own compression as the transfer's, and the
    # file would arrive unpacked.
    session.headers["Accept-Encoding"] = "identity"
    return session


def send_get(
    session: requests.Session, locate: Locator, headers: Mapping[str, str], subject: str
) -> requests.Response:
    """The answer to a GET, its body not read yet."""
    address = locate(headers)
    url, sent = address.url, {**address.headers, **headers}
    for _ in range(_REDIRECTS + 1):
        response = session.get(
            url,
            headers=sent,
            stream=True,
            allow_redirects=False,
            timeout=(_CONNECT_SECONDS, _STALL_SECONDS),
            auth=_as_given,
        )
        if not response.is_redirect:
            return response
        response.close()
        target = urljoin(url, response.headers["location"])
        _check_redirect(url, target, subject)
        if _authority(target) != _authority(url):
            sent = {name: value for name, value in sent.items() if name.lower() in _HARMLESS}
        url = target
    raise make_failure("SOURCE_FAILED", subject, f"more than {_REDIRECTS} redirects")


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # Without any `auth` requests would put what a .netrc says in place of our header.
    return request


def _check_redirect(url: str, target: str, subject: str) -> None:
    problem = find_redirect_problem(url, target)
    if problem:
        raise make_failure(
            "REDIRECT_REFUSED",
            subject,
            f"it leads to {target}, and {problem}",
            "name the address that it leads to, if that is meant",
        )


def _authority(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]
