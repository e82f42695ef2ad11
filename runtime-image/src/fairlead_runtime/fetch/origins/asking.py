"""Owns asking a source about its files: small answers, with the patience of a download."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3

from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.failures import make_failure
from fairlead_runtime.fetch.transfer.answers import explain_answer, explain_broken
from fairlead_runtime.fetch.transfer.attempts import Attempts, Patience, Transient
from fairlead_runtime.fetch.transfer.http import Address, Locator, send_get
from fairlead_runtime.fetch.transfer.remote_file import Headers, Opener

# A listing of a hundred thousand files is still smaller.
_LARGEST_ANSWER = 64 * 1024 * 1024


@dataclass(frozen=True)
class Asker:
    """Who asks: the session of this fetch, what it is about, and the remedies of its origin."""

    session: requests.Session
    subject: str
    patience: Patience
    remedies: Mapping[str, str] = field(default_factory=dict)

    def with_remedies(self, remedies: Mapping[str, str]) -> Asker:
        """The same, for an origin that knows better what helps."""
        return Asker(self.session, self.subject, self.patience, remedies)

    def opener(self, locate: Locator) -> Opener:
        """How to ask for a file's bytes at an address."""
        return lambda headers: send_get(self.session, locate, headers, self.subject)

    def ask(self, locate: Locator, headers: Headers | None = None) -> requests.Response:
        """A whole small answer; raises Failure where there is none to be had."""
        return self.ask_through(self.opener(locate), headers)

    def ask_through(self, opener: Opener, headers: Headers | None = None) -> requests.Response:
        """The same, for who has a way of asking already."""
        attempts = Attempts(self.patience, threading.Event())
        while True:
            answer = self._attempt(opener, headers or {})
            if not isinstance(answer, Transient):
                return answer
            attempts.wait_after(answer)

    def ask_json(self, locate: Locator, headers: Headers | None = None) -> Any:
        """A JSON document."""
        response = self.ask(locate, headers)
        try:
            return json.loads(response.content)
        except ValueError as error:
            kind = response.headers.get("content-type", "no content type")
            cause = f"the server answered with {kind} instead of JSON"
            remedy = "check the address of the server"
            raise make_failure("SOURCE_FAILED", self.subject, cause, remedy) from error

    def not_found(self, cause: str) -> Failure:
        """The failure of a source that is not there."""
        remedy = self.remedies.get("NOT_FOUND", "check the name and the path")
        return make_failure("NOT_FOUND", self.subject, cause, remedy)

    def _attempt(self, opener: Opener, headers: Headers) -> requests.Response | Transient:
        try:
            response = opener(headers)
            if response.status_code != 200:
                return self._explained(explain_answer(response, self.subject, self.remedies))
            with response:
                body = response.raw.read(_LARGEST_ANSWER + 1, decode_content=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            broken = explain_broken(error, self.subject)
            if broken is None:
                raise
            return self._explained(broken)
        if len(body) > _LARGEST_ANSWER:
            raise make_failure("SOURCE_FAILED", self.subject, "the server's answer is too large")
        response._content = body
        return response

    def _explained(self, meaning: Failure | Transient) -> Transient:
        if isinstance(meaning, Failure):
            raise meaning
        return meaning


def at(url: str, headers: Mapping[str, str] | None = None) -> Locator:
    """An address that needs no signature."""
    return lambda _headers: Address(url, headers or {})
