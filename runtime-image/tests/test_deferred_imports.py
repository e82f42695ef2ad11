"""What is put off until it is used is there, whole, the moment it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime_process import clean_environment

_START = """
import sys
from fairlead_runtime.mlflow_settings import prepare_environment
from fairlead_runtime.deferred_imports import DEFERRED_PACKAGES, defer_unused_packages
prepare_environment()
defer_unused_packages()
import mlflow.pyfunc.scoring_server
def waiting():
    return [name for name in DEFERRED_PACKAGES
            if "_deferred_loader" in vars(sys.modules.get(name, sys))]
"""


def _run(program: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", _START + program],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stderr == ""
    return finished.stdout.strip()


def test_serving_imports_neither_judges_nor_a_web_framework() -> None:
    program = """
unwanted = {"fastapi", "flask", "sqlalchemy", "mlflow.genai.scorers.builtin_scorers"}
print("mlflow.genai" in waiting(), sorted(unwanted & set(sys.modules)))
"""
    assert _run(program) == "True []"


@pytest.mark.parametrize(
    "use",
    [
        "import mlflow; mlflow.genai.evaluate",
        "from mlflow.genai import evaluate",
        "from mlflow.genai import scorers; scorers.Correctness",
        "from mlflow.genai.scorers import Correctness",
        "from mlflow.genai.judges import make_judge",
        "import mlflow.genai.datasets; mlflow.genai.datasets.create_dataset",
        "import mlflow; mlflow.genai.register_prompt",
    ],
)
def test_a_deferred_package_works_however_it_is_asked_for(use: str) -> None:
    assert _run(f"{use}\nprint('used')") == "used"


def test_an_attribute_that_is_nowhere_is_an_attribute_error() -> None:
    program = """
import mlflow
try:
    mlflow.genai.no_such_thing
except AttributeError as error:
    print(error)
"""
    assert _run(program) == "module 'mlflow.genai' has no attribute 'no_such_thing'"


def test_many_threads_that_touch_it_first_all_get_it() -> None:
    program = """
import mlflow
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    found = set(pool.map(lambda _: mlflow.genai.evaluate.__name__, range(8)))
print(found)
"""
    assert _run(program) == "{'evaluate'}"
