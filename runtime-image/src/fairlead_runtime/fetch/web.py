"""Owns downloading an archive over HTTPS to a file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.source import Source, find_address_problem

_CONNECT_SECONDS = 10
_STALL_SECONDS = 60
_REDIRECTS = 5
_CHUNK = 1024 * 1024


def download_archive(source: Source, target: Path) -> None:
    """Streams the response body to a file."""
    with requests.Session() as session:
        retry = Retry(
            total=2, backoff_factor=0.5, status_forcelist=(502, 503, 504), raise_on_status=False
        )
        session.mount("https://", HTTPAdapter(max_retries=retry))
        session.mount("http://", HTTPAdapter(max_retries=retry))
        with _get(session, source) as response:
            _check_status(source, response.status_code)
            with target.open("wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)


def _get(session: requests.Session, source: Source) -> requests.Response:
    address = source.uri
    for _ in range(_REDIRECTS + 1):
        response = session.get(
            address,
            stream=True,
            allow_redirects=False,
            timeout=(_CONNECT_SECONDS, _STALL_SECONDS),
            # A server may otherwise declare the archive's own compression as the
            # transfer's, and the file would arrive unpacked.
            headers={"Accept-Encoding": "identity"},
        )
        if not response.is_redirect:
            return response
        response.close()
        address = urljoin(address, response.headers["location"])
        # Followed by hand so that no redirect leads from https to plain http.
        problem = find_address_problem(address)
        if problem:
            raise Failure(
                "REDIRECT_REFUSED",
                "redirect refused",
                source.name,
                f"it leads to {address}, and {problem}",
                "name the address that it leads to, if that is meant",
            )
    raise Failure(
        "DOWNLOAD_FAILED", "download failed", source.name, f"more than {_REDIRECTS} redirects"
    )


def _check_status(source: Source, status: int) -> None:
    if status == 200:
        return
    if status in (401, 403):
        raise Failure(
            "ACCESS_DENIED",
            "access denied",
            source.name,
            f"the server answered {status}",
            "put valid credentials or a fresh signature in the URL",
        )
    if status in (404, 410):
        raise Failure(
            "MODEL_NOT_FOUND",
            "model not found",
            source.name,
            f"the server answered {status}",
            "check the path of the URL",
        )
    raise Failure(
        "DOWNLOAD_FAILED", "download failed", source.name, f"the server answered {status}"
    )
