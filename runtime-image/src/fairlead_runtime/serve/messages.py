"""Owns the wording of refusals: MLflow's reason, without the caller's data read back to it."""

from __future__ import annotations

from mlflow.pyfunc import scoring_server

_ECHO = ("Failed to predict data '", "'. \nError: ")
_SCHEMA_ECHO = "Failed to enforce schema of data '"
_SCHEMA = ("' with schema '", "'. Error: ")
_UPGRADE_NOTICE = f". {scoring_server.SCORING_PROTOCOL_CHANGE_INFO}"


def reword(message: str) -> str:
    """Keeps the reason and the schema of a message; data may be megabytes, and private."""
    start, end = _ECHO
    if message.startswith(start) and end in message:
        message = message.partition(end)[2]
    if message.startswith(_SCHEMA_ECHO) and _SCHEMA[0] in message:
        schema, _, reason = message.rpartition(_SCHEMA[0])[2].partition(_SCHEMA[1])
        message = f"The input does not fit the model: {reason} The model's schema is {schema}."
    return message.partition(_UPGRADE_NOTICE)[0]
