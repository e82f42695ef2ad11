"""s3:// models come from a server that checks signatures."""

from __future__ import annotations

import io
import random
from pathlib import Path

from edge_server import Asked, Reply, edge_server
from origins import S3, free_port
from runtime_process import Ended, run_fetch

SOURCE = "s3://models/team/iris"
MIB = 1024 * 1024


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


def test_a_large_object_in_parts_comes_in_ranges(s3: S3, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(9 * MIB) * 16
    s3.client("s3").upload_fileobj(io.BytesIO(content), "models", "large/weights.gguf")
    ended = run_fetch(
        "s3://models/large", tmp_path / "model", "--format", "gguf", **s3.environment()
    )
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/weights.gguf").read_bytes() == content


def test_the_sdks_own_variable_names_the_endpoint_too(s3: S3, tmp_path: Path) -> None:
    environment = s3.environment()
    environment["AWS_ENDPOINT_URL"] = environment.pop("MLFLOW_S3_ENDPOINT_URL")
    assert run_fetch(SOURCE, tmp_path / "model", **environment).code == 0


def test_one_object_may_be_the_model(s3: S3, tmp_path: Path) -> None:
    source = f"{SOURCE}/model.skops"
    ended = run_fetch(source, tmp_path / "model", "--format", "skops", **s3.environment())
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model/model.skops").is_file()


def test_patterns_choose_among_the_objects(s3: S3, tmp_path: Path) -> None:
    patterns = (
        "--format",
        "skops",
        "--include",
        "*.skops",
        "--include",
        "*.txt",
        "--exclude",
        "req*",
    )
    ended = run_fetch(SOURCE, tmp_path / "model", *patterns, **s3.environment())
    assert ended.code == 0
    names = {entry.name for entry in (tmp_path / "model").iterdir()}
    assert names == {"model.skops", ".fairlead-model.json"}


def test_nobody_in_particular_asks_without_a_signature(tmp_path: Path) -> None:
    listed = (
        b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>open/w.gguf</Key>"
        b"<ETag>&quot;etag-1&quot;</ETag><Size>1</Size></Contents></ListBucketResult>"
    )

    def answer(asked: Asked) -> Reply:
        assert "authorization" not in asked.headers
        return Reply(200, listed) if "list-type" in asked.query else Reply(200, b"w")

    with edge_server(answer) as edge:
        ended = run_fetch(
            *("s3://public/open", tmp_path / "model", "--format", "gguf"),
            AWS_ENDPOINT_URL=edge.address,
            AWS_NO_SIGN_REQUEST="true",
        )
    assert (ended.code, ended.stderr) == (0, "")


def test_an_object_that_changed_after_it_was_listed_is_no_mix(tmp_path: Path) -> None:
    listed = (
        b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>open/w.gguf</Key>"
        b"<ETag>&quot;etag-1&quot;</ETag><Size>1</Size></Contents></ListBucketResult>"
    )
    content = Reply(200, b"w", {"etag": '"etag-2"'})
    with edge_server(
        lambda asked: Reply(200, listed) if "list-type" in asked.query else content
    ) as edge:
        ended = run_fetch(
            *("s3://public/open", tmp_path / "model", "--format", "gguf"),
            AWS_ENDPOINT_URL=edge.address,
            AWS_NO_SIGN_REQUEST="true",
        )
    _refused(ended, "changed while it was fetched", "[SOURCE_CHANGED]")


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
