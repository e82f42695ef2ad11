"""Where a model may come from, and where a server may send who asks for it."""

from __future__ import annotations

import pytest

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.addresses import find_redirect_problem
from fairlead_runtime.fetch.source import parse_source


@pytest.mark.parametrize(
    ("url", "target", "problem"),
    [
        ("https://a.example/m", "https://b.example/m", ""),
        ("https://a.example/m", "http://b.example/m", "https only"),
        ("http://store.example/m", "http://other.example/m", ""),
        ("http://127.0.0.1:1/m", "http://127.0.0.1:2/m", ""),
        ("http://127.0.0.1:1/m", "http://a.example/m", "https only"),
        ("https://a.example/m", "http://localhost:9090/metrics", "this pod itself"),
        ("https://a.example/m", "https://127.0.0.1:8443/", "this pod itself"),
        ("http://store.example/m", "http://[::1]:9090/metrics", "this pod itself"),
    ],
)
def test_a_server_sends_nowhere_unsafe(url: str, target: str, problem: str) -> None:
    found = find_redirect_problem(url, target)
    assert problem in found if problem else found == ""


def test_a_user_in_a_url_is_refused_and_not_shown() -> None:
    with pytest.raises(Failure, match="set HTTP_USERNAME and HTTP_PASSWORD") as raised:
        parse_source("https://me:pass-word@a.example/m.zip")
    assert "pass-word" not in str(raised.value)
