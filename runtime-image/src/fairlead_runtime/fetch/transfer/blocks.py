"""Owns which blocks of a file are there: a file is fetched, resumed and shared out by blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


def plan_spans(size: int, block: int, done: Iterable[int], longest: int) -> list[Span]:
    """What is missing of a file, in order, each span at most `longest` blocks."""
    there = set(done)
    spans: list[Span] = []
    for index in range(-(-size // block)):
        if index in there:
            continue
        start, end = index * block, min(size, (index + 1) * block)
        last = spans[-1] if spans else None
        if last is not None and last.end == start and start - last.start < longest * block:
            spans[-1] = Span(last.start, end)
        else:
            spans.append(Span(start, end))
    return spans


def covered_blocks(span: Span, reached: int, size: int, block: int) -> list[int]:
    """The blocks that are whole once a span was written up to `reached`."""
    first = span.start // block
    beyond = -(-size // block) if reached >= size else reached // block
    return list(range(first, beyond))
