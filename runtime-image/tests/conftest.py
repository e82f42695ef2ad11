"""Owns what the tests share: models, servers, and one process per served model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest

from logged_models import REQUIREMENTS, fit_iris, iris, save_models
from origins import S3, file_server, make_certificate, s3_server, tracking_server
from runtime_process import ServeProcess


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path_factory.mktemp('unused')}/mlflow.db")
    save_models(home)
    return home


@dataclass(frozen=True)
class Tracked:
    """A tracking server that knows two versions of `iris`, the second with an alias."""

    address: str
    run_id: str


@pytest.fixture(scope="session")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracked]:
    with tracking_server(tmp_path_factory.mktemp("tracking")) as address:
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(address)
        mlflow.set_registry_uri(address)
        try:
            with mlflow.start_run() as run:
                for _ in range(2):
                    mlflow.sklearn.log_model(
                        fit_iris(),
                        name="model",
                        registered_model_name="iris",
                        serialization_format="skops",
                        signature=mlflow.models.infer_signature(iris()[0]),
                        pip_requirements=REQUIREMENTS,
                    )
            client = mlflow.MlflowClient()
            client.set_registered_model_alias("iris", "champion", "2")
            client.create_registered_model("empty")
        finally:
            mlflow.set_tracking_uri(before)
            mlflow.set_registry_uri(before)
        yield Tracked(address, run.info.run_id)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[S3]:
    with s3_server(tmp_path_factory.mktemp("s3")) as storage:
        client = storage.client("s3")
        for file in (models / "iris-skops").iterdir():
            client.upload_file(str(file), "models", f"team/iris/{file.name}")
        yield storage


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archives")


@pytest.fixture(scope="session")
def web(archives: Path) -> Iterator[str]:
    with file_server(archives) as address:
        yield address


@dataclass(frozen=True)
class SecureWeb:
    """An HTTPS server and the file with the authority to trust for it."""

    address: str
    authority: Path


@pytest.fixture(scope="session")
def secure_web(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureWeb]:
    authority = make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")
    with file_server(archives, authority) as address:
        yield SecureWeb(address, authority)


def _served(
    name: str, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    server = ServeProcess(
        models / name, "--max-body-bytes", "100000", logs=tmp_path_factory.mktemp(name)
    )
    try:
        yield server.wait_ready()
    finally:
        server.stop()


@pytest.fixture(scope="session", params=["skops", "cloudpickle"])
def iris_server(
    request: pytest.FixtureRequest, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    yield from _served(f"iris-{request.param}", models, tmp_path_factory)


@pytest.fixture(scope="session")
def multiplier_server(
    models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    yield from _served("multiplier", models, tmp_path_factory)


@pytest.fixture(scope="session")
def chat_server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeProcess]:
    yield from _served("chat", models, tmp_path_factory)
