"""Owns which phase the server is in: what loader, routes and signals share."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairlead_runtime.failure import Failure
    from fairlead_runtime.serve.scoring import Scorer


class Phase(enum.Enum):
    """Where a server process is between its start and its end."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


class Readiness:
    """The current phase, with the scorer once there is one and the failure if there was one."""

    def __init__(self) -> None:
        self.phase = Phase.LOADING
        self.scorer: Scorer | None = None
        self.failure: Failure | None = None

    def become_ready(self, scorer: Scorer) -> None:
        self.scorer = scorer
        # A signal may have come while the model was loading; it wins.
        if self.phase is Phase.LOADING:
            self.phase = Phase.READY

    def become_failed(self, failure: Failure) -> None:
        self.failure = failure

    def drain(self) -> None:
        self.phase = Phase.DRAINING
