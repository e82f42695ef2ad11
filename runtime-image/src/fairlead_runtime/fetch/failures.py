"""Owns the codes by which a fetch fails, and the words that each one begins with."""

from __future__ import annotations

from fairlead_runtime.failure import EXIT_BAD_ARGUMENTS, EXIT_FAILED, Failure

# Stable: people and the operator tell causes apart by these.
_KINDS = {
    "URI_INVALID": "source not usable",
    "NOT_FOUND": "model not found",
    "NOT_A_MODEL": "not a model",
    "UNAUTHENTICATED": "access denied",
    "FORBIDDEN": "access denied",
    "CREDENTIALS_INVALID": "credentials not usable",
    "TRACKING_URI_MISSING": "no tracking server",
    "SOURCE_UNREACHABLE": "cannot reach",
    "TLS_FAILED": "cannot reach",
    "CONNECTION_LOST": "download failed",
    "RATE_LIMITED": "download failed",
    "SOURCE_FAILED": "download failed",
    "SOURCE_CHANGED": "download failed",
    "CHECKSUM_MISMATCH": "download damaged",
    "REDIRECT_REFUSED": "redirect refused",
    "ARCHIVE_UNSAFE": "archive refused",
    "ARCHIVE_CORRUPT": "archive refused",
    "DISK_FULL": "destination is full",
    "DESTINATION_UNWRITABLE": "destination not usable",
    "DESTINATION_OCCUPIED": "destination not usable",
}

# After these the next attempt goes on where this one stopped: what is there already is good.
RESUMABLE = frozenset(
    {
        "SOURCE_UNREACHABLE",
        "CONNECTION_LOST",
        "RATE_LIMITED",
        "SOURCE_FAILED",
        "SOURCE_CHANGED",
        "CHECKSUM_MISMATCH",
        "UNAUTHENTICATED",
        "FORBIDDEN",
    }
)


def make_failure(code: str, subject: str, cause: str, remedy: str = "") -> Failure:
    """A failure of a fetch by its code."""
    exit_code = EXIT_BAD_ARGUMENTS if code == "URI_INVALID" else EXIT_FAILED
    return Failure(code, _KINDS[code], subject, cause, remedy, exit_code)
