"""Files arrive whole: shared out, resumed, checked; a source's breaks and lies are noticed."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_server import Asked, Edge, Reply, edge_server, ranged
from fairlead_runtime.failure import Failure
from fairlead_runtime.fetch.origins.asking import Asker, at
from fairlead_runtime.fetch.progress import Progress
from fairlead_runtime.fetch.transfer.attempts import Patience
from fairlead_runtime.fetch.transfer.checksum import Checksum
from fairlead_runtime.fetch.transfer.context import Context
from fairlead_runtime.fetch.transfer.http import make_session
from fairlead_runtime.fetch.transfer.journal import Journal
from fairlead_runtime.fetch.transfer.remote_file import Listing, RemoteFile
from fairlead_runtime.fetch.transfer.transfer import transfer_files

BLOCK = 64 * 1024
CONTENT = random.Random(1).randbytes(20 * BLOCK + 77)
SHA256 = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())
PATIENCE = Patience(attempts=3, first_pause=0.01, longest_pause=0.02, longest_retry_after=1)


@pytest.fixture
def edge() -> Iterator[Edge]:
    with edge_server(lambda asked: ranged(asked, CONTENT)) as server:
        yield server


def remote(edge: Edge, **more: object) -> RemoteFile:
    with make_session(4) as session:
        opener = Asker(session, "x", PATIENCE).opener(at(f"{edge.address}/weights"))
    return RemoteFile(path="weights", open=opener, **more)  # type: ignore[arg-type]


def fetch(staging: Path, *files: RemoteFile) -> Progress:
    """Brings the files; returns the count of what came."""
    staging.mkdir(exist_ok=True)
    progress = Progress()
    with Journal(staging / "journal", BLOCK) as journal:
        context = Context("x", staging / "model", {}, PATIENCE, journal, progress, BLOCK, 2)
        transfer_files(Listing(files), staging, context, 4)
    return progress


def fails(staging: Path, *files: RemoteFile) -> Failure:
    with pytest.raises(Failure) as raised:
        fetch(staging, *files)
    return raised.value


def arrived(staging: Path) -> bytes:
    return (staging / "content" / "weights").read_bytes()


def failing_first(times: int, reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """Answers otherwise the first few times."""
    left = iter(range(times))
    return lambda asked: reply(asked) if next(left, None) is not None else ranged(asked, CONTENT)


def test_a_large_file_comes_in_spans_side_by_side(edge: Edge, tmp_path: Path) -> None:
    progress = fetch(tmp_path, remote(edge, size=len(CONTENT), version="1", checksum=SHA256))
    assert arrived(tmp_path) == CONTENT
    assert min(edge.ranges()) == f"bytes=0-{2 * BLOCK - 1}"
    assert len(edge.asked) == 11
    assert progress.received == len(CONTENT)


def test_a_file_of_unknown_size_comes_in_one_piece(edge: Edge, tmp_path: Path) -> None:
    fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == CONTENT
    assert len(edge.asked) == 1


def test_an_empty_file_is_made_without_asking(edge: Edge, tmp_path: Path) -> None:
    fetch(tmp_path, remote(edge, size=0, version="1"))
    assert arrived(tmp_path) == b""
    assert edge.asked == []


def test_a_server_without_ranges_sends_the_whole_file(edge: Edge, tmp_path: Path) -> None:
    edge.answer = lambda _: Reply(200, CONTENT)
    fetch(tmp_path, remote(edge, size=len(CONTENT), version="1"))
    assert arrived(tmp_path) == CONTENT
    assert len(edge.asked) == 1


def test_a_cut_connection_goes_on_where_it_broke_off(edge: Edge, tmp_path: Path) -> None:
    def cut(asked: Asked) -> Reply:
        reply = ranged(asked, CONTENT)
        reply.cut_after = 3 * BLOCK
        return reply

    edge.answer = failing_first(2, cut)
    fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == CONTENT
    assert edge.ranges() == ["", f"bytes={3 * BLOCK}-", f"bytes={6 * BLOCK}-"]
    assert edge.asked[1].headers["if-range"].startswith('"')


def test_a_file_without_any_version_starts_over_after_a_break(edge: Edge, tmp_path: Path) -> None:
    edge.answer = failing_first(1, lambda _: Reply(200, CONTENT, cut_after=BLOCK))
    progress = fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == CONTENT
    assert edge.ranges() == ["", ""]
    assert progress.received == len(CONTENT)


def test_what_a_killed_process_had_brought_is_not_asked_for_again(
    edge: Edge, tmp_path: Path
) -> None:
    def cut(asked: Asked) -> Reply:
        reply = ranged(asked, CONTENT)
        reply.cut_after = 5 * BLOCK + 5
        return reply

    edge.answer = cut
    edge_times = PATIENCE.attempts
    assert fails(tmp_path, remote(edge)).code == "CONNECTION_LOST"
    assert len(edge.asked) == edge_times
    edge.answer = lambda asked: ranged(asked, CONTENT)
    edge.asked.clear()
    progress = fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == CONTENT
    there = progress.resumed_bytes
    assert there >= 15 * BLOCK
    assert edge.asked[0].headers["range"].startswith(f"bytes={there}-")
    assert progress.received == len(CONTENT) - there


def test_a_file_that_is_complete_is_not_asked_for_again(edge: Edge, tmp_path: Path) -> None:
    whole = remote(edge, size=len(CONTENT), version="1")
    other = RemoteFile("other", remote(edge).open, size=10, version="1", checksum=SHA256)
    assert fails(tmp_path, whole, other).code in ("SOURCE_CHANGED", "SOURCE_FAILED")
    edge.asked.clear()
    fetch(tmp_path, whole)
    first = len(edge.asked)
    fetch(tmp_path, whole)
    assert len(edge.asked) == first


def test_another_version_of_the_listing_is_fetched_anew(edge: Edge, tmp_path: Path) -> None:
    fetch(tmp_path, remote(edge, size=len(CONTENT), version="1"))
    new = CONTENT[::-1]
    edge.answer = lambda asked: ranged(asked, new)
    fetch(tmp_path, remote(edge, size=len(new), version="2"))
    assert arrived(tmp_path) == new


def test_a_file_that_changed_before_it_was_resumed_comes_from_its_start(
    edge: Edge, tmp_path: Path
) -> None:
    def cut(asked: Asked) -> Reply:
        reply = ranged(asked, CONTENT)
        reply.cut_after = 5 * BLOCK
        return reply

    edge.answer = cut
    fails(tmp_path, remote(edge))
    new = CONTENT[::-1]
    edge.answer = lambda asked: ranged(asked, new)
    progress = fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == new
    assert progress.resumed_bytes == 0


@pytest.mark.parametrize("new", [CONTENT * 2, CONTENT[: 7 * BLOCK]], ids=["longer", "shorter"])
def test_a_file_that_was_replaced_by_one_of_another_size_comes_whole(
    new: bytes, edge: Edge, tmp_path: Path
) -> None:
    def cut(asked: Asked) -> Reply:
        reply = ranged(asked, CONTENT)
        reply.cut_after = 5 * BLOCK
        return reply

    edge.answer = cut
    fails(tmp_path, remote(edge))
    edge.answer = lambda asked: ranged(asked, new)
    fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == new


def test_what_the_source_no_longer_has_is_not_left_of_an_earlier_run(
    edge: Edge, tmp_path: Path
) -> None:
    def named(path: str, version: str) -> RemoteFile:
        return replace(remote(edge, size=len(CONTENT), version=version), path=path)

    gone, kept = named("a/gone", "1"), named("kept", "1")
    fetch(tmp_path, gone, kept)
    (tmp_path / "content" / "unpacked").write_bytes(b"of an archive")
    edge.asked.clear()
    fetch(tmp_path, kept)
    content = tmp_path / "content"
    assert [str(path.relative_to(content)) for path in content.rglob("*")] == ["kept"]
    assert edge.asked == []


def test_a_file_that_changes_while_it_is_shared_out_is_no_mix(edge: Edge, tmp_path: Path) -> None:
    new = CONTENT[::-1]
    edge.answer = lambda asked: ranged(asked, CONTENT if len(edge.asked) < 4 else new)
    failure = fails(tmp_path, remote(edge, size=len(CONTENT), version="1"))
    assert failure.code in ("SOURCE_CHANGED", "SOURCE_FAILED")
    assert not (tmp_path / "content" / "weights").exists()
    edge.answer = lambda asked: ranged(asked, new)
    fetch(tmp_path, remote(edge, size=len(new), version="2"))
    assert arrived(tmp_path) == new


def test_an_etag_other_than_the_listings_is_a_change(edge: Edge, tmp_path: Path) -> None:
    listed = remote(edge, size=len(CONTENT), version='"1"', etag='"1"')
    edge.answer = lambda asked: ranged(asked, CONTENT, etag='"2"')
    assert fails(tmp_path, listed).code == "SOURCE_CHANGED"


def test_a_wrong_checksum_is_an_error_and_the_file_is_not_kept(edge: Edge, tmp_path: Path) -> None:
    damaged = CONTENT[:-1] + b"?"
    edge.answer = lambda asked: ranged(asked, damaged)
    whole = remote(edge, size=len(CONTENT), version="1", checksum=SHA256)
    failure = fails(tmp_path, whole)
    assert failure.code == "CHECKSUM_MISMATCH"
    assert str(SHA256) in failure.cause
    edge.answer = lambda asked: ranged(asked, CONTENT)
    assert fetch(tmp_path, whole).resumed_bytes == 0
    assert arrived(tmp_path) == CONTENT


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "UNAUTHENTICATED"), (403, "FORBIDDEN"), (404, "NOT_FOUND"), (400, "SOURCE_FAILED")],
)
def test_an_answer_that_will_not_change_is_not_asked_for_again(
    status: int, code: str, edge: Edge, tmp_path: Path
) -> None:
    edge.answer = lambda _: Reply(status)
    assert fails(tmp_path, remote(edge)).code == code
    assert len(edge.asked) == 1


@pytest.mark.parametrize(("status", "code"), [(429, "RATE_LIMITED"), (503, "SOURCE_FAILED")])
def test_a_passing_trouble_is_waited_out_a_few_times(
    status: int, code: str, edge: Edge, tmp_path: Path
) -> None:
    edge.answer = failing_first(2, lambda _: Reply(status, headers={"retry-after": "0"}))
    fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == CONTENT
    edge.answer = lambda _: Reply(status)
    edge.asked.clear()
    assert fails(tmp_path / "again", remote(edge)).code == code
    assert len(edge.asked) == PATIENCE.attempts


def test_a_server_that_asks_to_come_back_tomorrow_is_not_waited_for(
    edge: Edge, tmp_path: Path
) -> None:
    edge.answer = lambda _: Reply(503, headers={"retry-after": "86400"})
    assert fails(tmp_path, remote(edge)).code == "SOURCE_FAILED"
    assert len(edge.asked) == 1


def test_more_bytes_than_the_listing_says_are_refused(edge: Edge, tmp_path: Path) -> None:
    short = remote(edge, size=len(CONTENT) - 1, version="1")
    assert fails(tmp_path, short).code == "SOURCE_CHANGED"


def test_a_file_that_fails_stops_the_others(edge: Edge, tmp_path: Path) -> None:
    held = threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.path == "/gone":
            held.set()
            return Reply(404)
        reply = ranged(asked, CONTENT)
        reply.cut_after = 10
        return reply

    edge.answer = answer
    with make_session(4) as session:
        gone = Asker(session, "x", PATIENCE).opener(at(f"{edge.address}/gone"))
    failure = fails(tmp_path, remote(edge), RemoteFile("gone", gone))
    assert held.is_set()
    assert failure.code in ("NOT_FOUND", "CONNECTION_LOST")


@pytest.mark.parametrize("path", ["../escaped", "/escaped", "a/../../b", ".fairlead-model.json"])
def test_a_name_that_leads_elsewhere_is_refused(path: str, edge: Edge, tmp_path: Path) -> None:
    failure = fails(tmp_path, RemoteFile(path, remote(edge).open))
    assert failure.code == "ARCHIVE_UNSAFE"
    assert edge.asked == []


def test_two_files_of_one_name_are_refused(edge: Edge, tmp_path: Path) -> None:
    failure = fails(tmp_path, remote(edge), remote(edge))
    assert "is there twice" in failure.cause
    assert edge.asked == []


def test_a_file_that_changes_while_it_comes_in_one_span_comes_from_its_start(
    edge: Edge, tmp_path: Path
) -> None:
    new = CONTENT[::-1]

    def answer(asked: Asked) -> Reply:
        reply = ranged(asked, CONTENT if len(edge.asked) < 3 else new)
        reply.cut_after = 3 * BLOCK if len(edge.asked) < 3 else None
        return reply

    edge.answer = answer
    fetch(tmp_path, remote(edge))
    assert arrived(tmp_path) == new
    assert len(edge.asked) == 3


@pytest.mark.parametrize("tail", ['{"file": "wei', "\0" * 100 + "\n", "\udcff\n"])
def test_a_journal_that_ends_in_rubbish_is_good_up_to_there(
    tail: str, edge: Edge, tmp_path: Path
) -> None:
    whole = remote(edge, size=len(CONTENT), version="1")
    fetch(tmp_path, whole)
    with (tmp_path / "journal").open("ab") as journal:
        journal.write(tail.encode(errors="surrogateescape"))
    edge.asked.clear()
    assert fetch(tmp_path, whole).resumed_bytes == len(CONTENT)
    assert edge.asked == []


def test_a_model_larger_than_the_disk_is_refused_before_its_first_byte(
    edge: Edge, tmp_path: Path
) -> None:
    failure = fails(tmp_path, remote(edge, size=1 << 60, version="1"))
    assert failure.code == "DISK_FULL"
    assert "the model takes 1048576.0 TiB" in failure.cause
    assert edge.asked == []


def test_credentials_do_not_follow_to_another_host(edge: Edge, tmp_path: Path) -> None:
    with edge_server(lambda asked: ranged(asked, CONTENT)) as other:
        edge.answer = lambda _: Reply(302, headers={"location": f"{other.address}/there"})
        with make_session(4) as session:
            locate = at(f"{edge.address}/weights", {"Authorization": "Bearer secret"})
            opener = Asker(session, "x", PATIENCE).opener(locate)
            fetch(tmp_path, RemoteFile("weights", opener))
        assert edge.asked[0].headers["authorization"] == "Bearer secret"
        assert "authorization" not in other.asked[0].headers
    assert arrived(tmp_path) == CONTENT
