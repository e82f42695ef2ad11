"""Owns how this package fails: one sentence with cause and remedy, where people look for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from fairlead_runtime.redaction import redact

DEFAULT_TERMINATION_LOG = Path("/dev/termination-log")

# The kubelet keeps the last 4096 bytes of a termination message and drops the rest.
TERMINATION_LOG_BYTES = 4096

EXIT_FAILED = 1
EXIT_BAD_ARGUMENTS = 2


@dataclass(eq=False)
class Failure(Exception):
    """A failure that a person can act on.

    `code` is stable and for machines; with the other fields it makes the sentence
    "<kind>: <subject>: <cause>; <remedy> [<code>]".
    """

    code: str
    kind: str
    subject: str
    cause: str
    remedy: str = ""
    exit_code: int = field(default=EXIT_FAILED)

    def __str__(self) -> str:
        sentence = f"{self.kind}: {self.subject}: {self.cause}"
        if self.remedy:
            sentence = f"{sentence}; {self.remedy}"
        return f"{redact(one_line(sentence))} [{self.code}]"


def one_line(text: str, limit: int = 1500) -> str:
    """Folds any white space into single blanks, so that a cause stays one log line."""
    folded = " ".join(text.split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def describe_exception(error: BaseException) -> str:
    """Names an exception the way a person quotes it: its type, then what it says."""
    said = one_line(str(error), 600)
    name = type(error).__name__
    return f"{name}: {said}" if said else name


def list_causes(error: BaseException | None) -> list[BaseException]:
    """The exception and what it came of, the deepest last."""
    links: list[BaseException] = []
    while error is not None and error not in links:
        links.append(error)
        error = error.__cause__ or error.__context__
    return links


def report_failure(failure: Failure, termination_log: Path) -> None:
    """Writes the sentence as the last line of stderr and to the termination log."""
    sys.stdout.flush()
    sentence = str(failure)
    write_termination_log(sentence, termination_log)
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def write_termination_log(message: str, path: Path) -> None:
    """Leaves a message for who looks at the ended container; where that cannot be, nothing."""
    # Outside a container the default file does not exist, and a process that
    # happens to run as root must not create files in /dev.
    if path == DEFAULT_TERMINATION_LOG and not path.exists():
        return
    encoded = message.encode()[:TERMINATION_LOG_BYTES]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    except OSError:
        return
    try:
        os.write(descriptor, encoded)
    except OSError:
        pass
    finally:
        os.close(descriptor)
