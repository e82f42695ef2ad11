"""Owns the tests of the log format: what of a stack is kept."""

from __future__ import annotations

import json
import logging
import sys

from fairlead_runtime.logs import JsonLines, innermost


def test_a_short_stack_is_kept_whole_but_for_its_markers() -> None:
    stack = "Traceback:\n  File a.py\n    f()\n    ^^~~\nValueError: x"
    assert innermost(stack) == "Traceback:\n  File a.py\n    f()\nValueError: x"


def test_of_a_long_stack_the_end_is_kept_with_a_sign_that_more_came_before() -> None:
    kept = innermost("\n".join(f"frame {number}" for number in range(500)))
    assert kept.startswith("…\nframe ")
    assert kept.endswith("\nframe 499")
    assert len(kept) <= 1003


def test_one_line_that_is_too_long_is_still_kept() -> None:
    assert innermost("x" * 5000) == "x" * 5000


def test_a_record_with_an_exception_is_one_line_that_fits_into_a_termination_message() -> None:
    def fail(depth: int) -> None:
        if depth == 0:
            raise ValueError("deep")
        fail(depth - 1)

    try:
        fail(100)
    except ValueError:
        record = logging.LogRecord("test", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    line = JsonLines().format(record)
    assert "\n" not in line
    assert len(line) < 1500
    assert json.loads(line)["stack"].endswith("ValueError: deep")
