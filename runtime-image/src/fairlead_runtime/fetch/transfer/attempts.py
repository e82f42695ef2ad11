"""Owns trying again: what is worth it, how often, and how long to wait before it."""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass

from fairlead_runtime.failure import Failure

_logger = logging.getLogger(__name__)


class Transient(Exception):
    """Something that may go well the next time, and the failure if it does not."""

    def __init__(self, failure: Failure, retry_after: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after = retry_after


class Stopped(Exception):
    """Another file has failed, so this one is not wanted any more."""


@dataclass(frozen=True)
class Patience:
    """How long to go on; pauses in seconds."""

    attempts: int = 6
    first_pause: float = 0.5
    longest_pause: float = 20.0
    # A server that asks for more than this is as good as down.
    longest_retry_after: float = 120.0


def pause_before(attempt: int, asked: float | None, patience: Patience, chance: float) -> float:
    """Seconds before attempt 2, 3 …: doubling, between half and all of it by chance in [0, 1);
    never less than what the server asked for."""
    pause = min(patience.longest_pause, patience.first_pause * 2.0 ** (attempt - 2))
    jittered = pause * (0.5 + chance / 2)
    return jittered if asked is None else max(jittered, asked)


class Attempts:
    """Counts the attempts at one thing; one that got further does not count."""

    def __init__(self, patience: Patience, stop: threading.Event) -> None:
        self._patience = patience
        self._stop = stop
        self._failed = 0

    def progressed(self) -> None:
        """To be called when an attempt got further than any before it."""
        self._failed = 0

    def wait_after(self, transient: Transient) -> None:
        """Waits for the next attempt, or raises the failure where there is none."""
        self._failed += 1
        asked = transient.retry_after
        asks_too_much = asked is not None and asked > self._patience.longest_retry_after
        if self._failed >= self._patience.attempts or asks_too_much:
            raise transient.failure from transient
        chance = random.random()  # noqa: S311 - spreads load, guards nothing
        pause = pause_before(self._failed + 1, asked, self._patience, chance)
        _logger.warning(
            "trying again",
            extra={
                "cause": transient.failure.cause,
                "attempt": self._failed + 1,
                "of": self._patience.attempts,
                "pauseSeconds": round(pause, 1),
            },
        )
        if self._stop.wait(pause):
            raise Stopped
