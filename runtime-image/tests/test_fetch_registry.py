"""models:/ and runs:/ come from a tracking server, and their absence is explained by it."""

from __future__ import annotations

from pathlib import Path

import mlflow.pyfunc
import pytest

from conftest import Tracked
from logged_models import iris
from origins import S3, free_port
from runtime_process import run_fetch


def _fetched(source: str, destination: Path, tracked: Tracked) -> list[int]:
    ended = run_fetch(source, destination, MLFLOW_TRACKING_URI=tracked.address)
    assert (ended.code, ended.stderr) == (0, "")
    model = mlflow.pyfunc.load_model(str(destination))
    return [int(value) for value in model.predict(iris()[0].iloc[[0, 60, 120]])]


def _missing(source: str, tmp_path: Path, tracked: Tracked) -> str:
    ended = run_fetch(source, tmp_path / "model", MLFLOW_TRACKING_URI=tracked.address)
    assert ended.code == 1
    assert not (tmp_path / "model").exists()
    return ended.last_line


@pytest.mark.parametrize("source", ["models:/iris/1", "models:/iris@champion"])
def test_fetches_a_registered_model(source: str, tracked: Tracked, tmp_path: Path) -> None:
    assert _fetched(source, tmp_path / "model", tracked) == [0, 1, 2]


def test_fetches_by_stage_and_by_the_newest_version(tracked: Tracked, tmp_path: Path) -> None:
    client = mlflow.MlflowClient(tracked.address, tracked.address)
    client.transition_model_version_stage("iris", "1", "Production")
    assert _fetched("models:/iris/Production", tmp_path / "stage", tracked) == [0, 1, 2]
    assert _fetched("models:/iris/latest", tmp_path / "latest", tracked) == [0, 1, 2]


def test_fetches_a_model_whose_name_has_a_catalogue_and_a_schema(
    tracked: Tracked, tmp_path: Path
) -> None:
    client = mlflow.MlflowClient(tracked.address, tracked.address)
    client.create_registered_model("main.cellar.iris")
    version = client.get_model_version("iris", "1")
    model_id = version.source.removeprefix("models:/")
    client.create_model_version("main.cellar.iris", version.source, model_id=model_id)
    assert _fetched("models:/main.cellar.iris/1", tmp_path / "model", tracked) == [0, 1, 2]


def test_a_version_that_lies_in_s3_is_fetched_from_there(
    tracked: Tracked, s3: S3, tmp_path: Path
) -> None:
    client = mlflow.MlflowClient(tracked.address, tracked.address)
    client.create_registered_model("stored")
    client.create_model_version("stored", "s3://models/team/iris")
    ended = run_fetch(
        "models:/stored/1",
        tmp_path / "model",
        MLFLOW_TRACKING_URI=tracked.address,
        **s3.environment(),
    )
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.logged[-1]["source"] == "models:/stored/1"
    assert (tmp_path / "model/model.skops").is_file()


def test_fetches_artifacts_by_their_path_on_the_server(tracked: Tracked, tmp_path: Path) -> None:
    client = mlflow.MlflowClient(tracked.address, tracked.address)
    version = client.get_model_version("iris", "2")
    location = client.get_model_version_download_uri("iris", "2")
    assert version.name == "iris"
    assert location.startswith("mlflow-artifacts:/")
    assert _fetched(location, tmp_path / "model", tracked) == [0, 1, 2]


def test_fetches_the_model_of_a_run(tracked: Tracked, tmp_path: Path) -> None:
    source = f"runs:/{tracked.run_id}/model"
    assert _fetched(source, tmp_path / "model", tracked) == [0, 1, 2]


def test_fetches_from_a_registry_in_a_database_file(models: Path, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/registry.db"
    client = mlflow.MlflowClient(address, address)
    client.create_registered_model("local")
    client.create_model_version("local", (models / "iris-skops").as_uri())
    ended = run_fetch("models:/local/1", tmp_path / "model", MLFLOW_TRACKING_URI=address)
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "model" / "MLmodel").is_file()


def test_a_missing_version_is_named_with_the_versions_there_are(
    tracked: Tracked, tmp_path: Path
) -> None:
    assert _missing("models:/iris/9", tmp_path, tracked) == (
        "model not found: models:/iris/9: registered model 'iris' has no version 9 "
        "(versions there: 1, 2) [NOT_FOUND]"
    )


def test_a_missing_alias_is_named_with_the_aliases_there_are(
    tracked: Tracked, tmp_path: Path
) -> None:
    assert _missing("models:/iris@loser", tmp_path, tracked) == (
        "model not found: models:/iris@loser: registered model 'iris' has no alias 'loser' "
        "(aliases there: champion) [NOT_FOUND]"
    )


def test_a_missing_model_is_named(tracked: Tracked, tmp_path: Path) -> None:
    assert _missing("models:/tulip/1", tmp_path, tracked) == (
        "model not found: models:/tulip/1: registered model 'tulip' does not exist [NOT_FOUND]"
    )


def test_a_model_without_versions_is_named(tracked: Tracked, tmp_path: Path) -> None:
    assert _missing("models:/empty/1", tmp_path, tracked) == (
        "model not found: models:/empty/1: registered model 'empty' has no versions [NOT_FOUND]"
    )


def test_a_missing_run_is_named(tracked: Tracked, tmp_path: Path) -> None:
    run_id = "0" * 32
    assert _missing(f"runs:/{run_id}/model", tmp_path, tracked) == (
        f"model not found: runs:/{run_id}/model: there is no run '{run_id}' [NOT_FOUND]"
    )


def test_a_missing_artifact_of_a_run_is_named_with_what_there_is(
    tracked: Tracked, tmp_path: Path
) -> None:
    assert _missing(f"runs:/{tracked.run_id}/modle", tmp_path, tracked).endswith(
        f"run '{tracked.run_id}' has no artifact 'modle' (artifacts there: model) [NOT_FOUND]"
    )


@pytest.mark.parametrize("source", ["models:/iris/1", "runs:/" + "0" * 32 + "/model"])
def test_a_refused_connection_names_the_address(source: str, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    ended = run_fetch(
        source, tmp_path / "model", MLFLOW_TRACKING_URI=f"http://user:hunter22@{address}"
    )
    assert ended.code == 1
    assert ended.last_line.startswith(f"cannot reach: {source}: no server answers at {address} (")
    assert "Connection refused" in ended.last_line
    assert "hunter22" not in ended.stderr + ended.stdout


def test_a_missing_tracking_address_is_said_at_once(tmp_path: Path) -> None:
    ended = run_fetch("models:/iris/1", tmp_path / "model")
    assert ended.code == 1
    assert ended.last_line == (
        "no tracking server: models:/iris/1: MLFLOW_TRACKING_URI is not set; "
        "set it to the address of the MLflow server that knows this model [TRACKING_URI_MISSING]"
    )
