"""Owns the log format: one JSON object a line on stdout, for libraries too."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Any

from fairlead_runtime.redaction import redact

# Kubernetes shows the last 2048 bytes of a log as the reason why a container ended; the
# line with the stack has to fit in, beside the sentence that follows it.
_STACK_LIMIT = 1000

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; what was passed as `extra` becomes fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = redact(value) if isinstance(value, str) else value
        if record.exc_info:
            line["stack"] = innermost(redact(self.formatException(record.exc_info)))
        return json.dumps(line, default=str)


def innermost(stack: str) -> str:
    """Keeps the end of a stack: the frames where it happened, and the exception."""
    lines = [line for line in stack.splitlines() if line.strip(" ^~")]
    kept: list[str] = []
    room = _STACK_LIMIT
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0 and kept:
            return "\n".join(["…", *reversed(kept)])
        kept.append(line)
    return "\n".join(reversed(kept))


def configure_logging(level: str) -> None:
    """Sends every logger, and Python's warnings, to stdout as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # Their informational lines repeat ours in another shape.
    for noisy in ("uvicorn", "botocore", "urllib3", "alembic", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
