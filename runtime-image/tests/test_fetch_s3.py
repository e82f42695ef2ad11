"""s3:// models come from a server that checks signatures."""

from __future__ import annotations

from pathlib import Path

from origins import S3, free_port
from runtime_process import Ended, run_fetch

SOURCE = "s3://models/team/iris"


def _refused(ended: Ended, *words: str) -> None:
    assert ended.code == 1
    assert "Traceback" not in ended.last_line
    for word in words:
        assert word in ended.last_line


def test_fetches_every_file_of_the_model(s3: S3, models: Path, tmp_path: Path) -> None:
    ended = run_fetch(SOURCE, tmp_path / "model", **s3.environment())
    assert (ended.code, ended.stderr) == (0, "")
    for file in (models / "iris-skops").iterdir():
        assert (tmp_path / "model" / file.name).read_bytes() == file.read_bytes()


def test_fetches_a_model_that_fills_its_bucket(s3: S3, models: Path, tmp_path: Path) -> None:
    client = s3.client("s3")
    client.create_bucket(Bucket="whole")
    for file in (models / "iris-skops").iterdir():
        client.upload_file(str(file), "whole", file.name)
    ended = run_fetch("s3://whole", tmp_path / "model", **s3.environment())
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model" / "model.skops").is_file()


def test_a_missing_prefix_is_not_found(s3: S3, tmp_path: Path) -> None:
    ended = run_fetch("s3://models/team/tulip", tmp_path / "model", **s3.environment())
    _refused(ended, "model not found: s3://models/team/tulip: ")


def test_a_missing_bucket_is_not_found(s3: S3, tmp_path: Path) -> None:
    ended = run_fetch("s3://nobody/iris", tmp_path / "model", **s3.environment())
    _refused(ended, "model not found: s3://nobody/iris: there is no bucket 'nobody'")


def test_a_prefix_without_a_model_is_no_model(s3: S3, tmp_path: Path) -> None:
    ended = run_fetch("s3://models/team", tmp_path / "model", **s3.environment())
    _refused(ended, "not a model: s3://models/team: there is no MLmodel file")


def test_wrong_credentials_are_access_denied_and_stay_secret(s3: S3, tmp_path: Path) -> None:
    environment = {**s3.environment(), "AWS_SECRET_ACCESS_KEY": "wrong-secret-value"}
    ended = run_fetch(SOURCE, tmp_path / "model", **environment)
    _refused(ended, f"access denied: {SOURCE}: the credentials are wrong")
    assert "wrong-secret-value" not in ended.stdout + ended.stderr


def test_an_unknown_key_is_access_denied(s3: S3, tmp_path: Path) -> None:
    environment = {**s3.environment(), "AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN00"}
    _refused(run_fetch(SOURCE, tmp_path / "model", **environment), "access denied")


def test_no_credentials_at_all_are_named_with_the_remedy(s3: S3, tmp_path: Path) -> None:
    ended = run_fetch(SOURCE, tmp_path / "model", MLFLOW_S3_ENDPOINT_URL=s3.address)
    _refused(ended, "there are no credentials", "set AWS_ACCESS_KEY_ID")


def test_a_refused_connection_names_the_endpoint(s3: S3, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    environment = {
        **s3.environment(),
        "MLFLOW_S3_ENDPOINT_URL": f"http://{address}",
        "AWS_MAX_ATTEMPTS": "1",
    }
    ended = run_fetch(SOURCE, tmp_path / "model", **environment)
    _refused(ended, f"cannot reach: {SOURCE}: no server answers at {address}")
