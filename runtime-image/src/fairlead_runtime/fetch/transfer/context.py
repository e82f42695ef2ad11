"""Owns what all threads of one transfer share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fairlead_runtime.fetch.progress import Progress
from fairlead_runtime.fetch.transfer.attempts import Patience, Stopped
from fairlead_runtime.fetch.transfer.journal import Journal


@dataclass(frozen=True)
class Context:
    """One transfer's settings and state; sizes in bytes."""

    subject: str
    destination: Path
    remedies: Mapping[str, str]
    patience: Patience
    journal: Journal
    progress: Progress
    block: int
    # One request asks for so many blocks at most, where the file is large enough to share out.
    span_blocks: int
    stop: threading.Event = field(default_factory=threading.Event)

    def raise_if_stopped(self) -> None:
        """Ends this thread's work when another one has failed."""
        if self.stop.is_set():
            raise Stopped
