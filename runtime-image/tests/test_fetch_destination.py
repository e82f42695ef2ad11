"""A destination holds the whole model or nothing, whatever happens on the way."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fairlead_runtime.fetch.fetching import Request
from fairlead_runtime.fetch.source import parse_source
from runtime_process import clean_environment, run_fetch, run_fetch_after


@pytest.fixture
def source(models: Path) -> str:
    return (models / "iris-skops").as_uri()


def _names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()}


def test_logs_what_it_fetches_as_json_lines(source: str, tmp_path: Path) -> None:
    logged = run_fetch(source, tmp_path / "model").logged
    assert [line["message"] for line in logged] == ["fetching", "fetched"]
    assert logged[1]["source"] == source
    assert logged[1]["bytes"] > 0


def test_a_second_fetch_of_the_same_source_touches_nothing(source: str, tmp_path: Path) -> None:
    run_fetch(source, tmp_path / "model")
    before = {entry: entry.stat().st_mtime_ns for entry in (tmp_path / "model").iterdir()}
    again = run_fetch(source, tmp_path / "model")
    assert [line["message"] for line in again.logged] == ["already there"]
    assert before == {entry: entry.stat().st_mtime_ns for entry in (tmp_path / "model").iterdir()}


def test_a_model_with_a_lost_file_is_fetched_again(source: str, tmp_path: Path) -> None:
    run_fetch(source, tmp_path / "model")
    (tmp_path / "model" / "model.skops").unlink()
    assert run_fetch(source, tmp_path / "model").code == 0
    assert (tmp_path / "model" / "model.skops").is_file()


def test_another_source_replaces_the_model(source: str, models: Path, tmp_path: Path) -> None:
    run_fetch(source, tmp_path / "model")
    assert run_fetch((models / "chat").as_uri(), tmp_path / "model").code == 0
    assert "python_model.pkl" in _names(tmp_path / "model")
    assert "model.skops" not in _names(tmp_path / "model")


def test_a_failed_fetch_leaves_the_old_model_and_no_debris(
    source: str, models: Path, tmp_path: Path
) -> None:
    run_fetch(source, tmp_path / "model")
    before = _names(tmp_path / "model")
    assert run_fetch((models / "nowhere").as_uri(), tmp_path / "model").code == 1
    assert _names(tmp_path / "model") == before
    assert _names(tmp_path) == {"model", ".fairlead-fetch-model-lock"}


def test_an_empty_directory_becomes_the_model(source: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert run_fetch(source, tmp_path / "model").code == 0
    assert "MLmodel" in _names(tmp_path / "model")


def test_a_directory_with_foreign_files_is_left_alone(source: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.txt").write_text("years of work")
    ended = run_fetch(source, tmp_path / "model")
    assert ended.code == 1
    assert "holds files that no fetch has put there" in ended.last_line
    assert _names(tmp_path / "model") == {"thesis.txt"}


def test_debris_of_a_killed_fetch_is_cleared(source: str, tmp_path: Path) -> None:
    debris = tmp_path / ".fairlead-fetch-model-stage-killed"
    debris.mkdir()
    (debris / "half").write_text("half a model")
    assert run_fetch(source, tmp_path / "model").code == 0
    assert not debris.exists()


def test_two_fetches_at_once_download_once(source: str, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "fairlead_runtime.fetch"),
        *("--source", source, "--destination", str(tmp_path / "model")),
    ]
    both = [
        subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    logged = [json.loads(line) for one in both for line in one.communicate()[0].splitlines()]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(line["message"] for line in logged) == ["already there", "fetched", "fetching"]


def test_a_full_disk_is_called_full(source: str, tmp_path: Path) -> None:
    # No file may grow beyond this, which is how a full quota shows without a file system
    # of our own.
    ended = run_fetch_after(
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)), source, tmp_path / "model"
    )
    assert ended.code == 1
    assert ended.last_line.startswith("destination is full: ")
    assert "more space" in ended.last_line
    assert not (tmp_path / "model").exists()


def test_a_destination_below_a_file_is_not_usable(source: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run_fetch(source, tmp_path / "file" / "model")
    assert ended.code == 1
    assert ended.last_line.startswith(f"destination not usable: {tmp_path}/file/model: ")


def test_a_destination_on_a_read_only_place_is_not_usable(source: str) -> None:
    ended = run_fetch(source, Path("/proc/fairlead/model"))
    assert ended.code == 1
    assert ended.last_line.startswith("destination not usable: /proc/fairlead/model: ")


def test_a_missing_directory_is_not_found(models: Path, tmp_path: Path) -> None:
    missing = (models / "nowhere").as_uri()
    ended = run_fetch(missing, tmp_path / "model")
    assert ended.code == 1
    assert ended.last_line.startswith(f"model not found: {missing}: ")


def test_a_directory_without_a_model_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    ended = run_fetch((tmp_path / "notes").as_uri(), tmp_path / "model")
    assert ended.code == 1
    assert "there is no MLmodel file" in ended.last_line


def test_the_cause_is_in_the_termination_log_too(models: Path, tmp_path: Path) -> None:
    log = tmp_path / "termination-log"
    ended = run_fetch(
        (models / "nowhere").as_uri(), tmp_path / "model", "--termination-log", str(log)
    )
    assert log.read_text() == ended.last_line


def test_a_termination_log_that_cannot_be_written_changes_nothing(
    models: Path, tmp_path: Path
) -> None:
    nowhere = (models / "nowhere").as_uri()
    ended = run_fetch(nowhere, tmp_path / "model", "--termination-log", "/proc/none/log")
    assert ended.last_line.startswith("model not found: ")


@pytest.mark.parametrize(
    "source", ["ftp://host/model", "models:/iris", "runs:/abc", "s3:///path", "iris", "https://"]
)
def test_a_malformed_source_is_a_bad_argument(source: str, tmp_path: Path) -> None:
    ended = run_fetch(source, tmp_path / "model")
    assert ended.code == 2
    assert ended.last_line.startswith(f"source not usable: {source}: ")


def test_missing_arguments_are_a_bad_argument() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "fairlead_runtime.fetch"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "--source" in ended.stderr.splitlines()[-1]


def test_sources_that_differ_in_what_is_not_shown_are_two(tmp_path: Path) -> None:
    one, other = (
        Request(parse_source(f"https://a.example/m.zip?version={version}"), tmp_path).what
        for version in ("first", "second")
    )
    assert one != other
    assert "first" not in one
