"""Owns the report of a fetch that went well, for who looks at the ended container."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Report:
    """What was brought; sizes in bytes."""

    source: str
    revision: str
    files: int
    bytes: int
    received: int
    resumed: int
    seconds: float

    def fields(self) -> dict[str, Any]:
        """The numbers, as the log and the termination message name them."""
        fields: dict[str, Any] = {
            "files": self.files,
            "bytes": self.bytes,
            "receivedBytes": self.received,
            "seconds": round(self.seconds, 2),
        }
        if self.resumed:
            fields["resumedBytes"] = self.resumed
        if self.revision:
            fields["revision"] = self.revision
        return fields

    def __str__(self) -> str:
        return json.dumps({"fetched": self.source, **self.fields()})
