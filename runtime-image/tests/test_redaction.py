"""No credential reaches a log line or a last line."""

from __future__ import annotations

import pytest

from fairlead_runtime.failure import Failure, one_line
from fairlead_runtime.redaction import redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("get https://me:pass@host/a/b failed", "get https://host/a/b failed"),
        ("see https://host/a?X-Amz-Signature=1&b=2: gone", "see https://host/a?***: gone"),
        ("'https://host/a?sig=1'", "'https://host/a?***'"),
        ("(https://me:p@host:8443/a?b).", "(https://host:8443/a?***)."),
        ("postgresql://user:p%40ss@db/mlflow", "postgresql://db/mlflow"),
        ("models:/iris@champion", "models:/iris@champion"),
        ("file:///models/iris", "file:///models/iris"),
        ("s3://bucket/a@b/c", "s3://bucket/a@b/c"),
        ("wasbs://models@acme.example/a?sig=1", "wasbs://models@acme.example/a?***"),
        ("abfss://me:pass@acme.example/a", "abfss://acme.example/a"),
        ("with url: /a/b?sig=1&c=2 (Caused by x)", "with url: /a/b?*** (Caused by x)"),
        ("is it a file? no/yes", "is it a file? no/yes"),
        ("write to a@b.example, or not", "write to a@b.example, or not"),
    ],
)
def test_addresses_lose_user_info_and_query(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_values_of_secret_variables_are_blanked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "s3cr3t-token")
    assert redact("sent 'Bearer s3cr3t-token'") == "sent 'Bearer ***'"


def test_a_failure_is_one_clean_line() -> None:
    failure = Failure("X", "cannot reach", "https://u:p@host/x", "first\n  second", "try again")
    assert str(failure) == "cannot reach: https://host/x: first second; try again [X]"


def test_a_long_cause_is_cut() -> None:
    assert one_line("word " * 1000, 20) == "word word word word…"
