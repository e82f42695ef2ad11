"""Owns saying in words why a model cannot be loaded."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from pathlib import Path

from fairlead_runtime.failure import Failure, describe_exception, list_causes

_KIND = "model cannot be loaded"


def explain_load_error(model_dir: Path, error: BaseException) -> Failure:
    """Maps an exception out of MLflow's loader to a cause and a remedy."""
    subject = str(model_dir)
    chain = list_causes(error)
    for link in chain:
        if isinstance(link, ModuleNotFoundError) and link.name:
            return _missing_package(model_dir, link.name)
    for link in chain:
        if isinstance(link, FileNotFoundError) and link.filename:
            return Failure(
                "MODEL_INCOMPLETE",
                _KIND,
                subject,
                f"the file {link.filename} is missing",
                "fetch or log the model again",
            )
        if isinstance(link, MemoryError):
            return Failure(
                "OUT_OF_MEMORY", _KIND, subject, "not enough memory", "raise the memory limit"
            )
        if type(link).__module__.startswith("yaml"):
            return Failure(
                "MODEL_CORRUPT",
                _KIND,
                subject,
                f"the MLmodel file is not valid YAML ({describe_exception(link)})",
                "fetch or log the model again",
            )
        if isinstance(link, (pickle.UnpicklingError, EOFError, zipfile.BadZipFile, zlib.error)):
            return Failure(
                "MODEL_CORRUPT",
                _KIND,
                subject,
                f"the model's data cannot be deserialised ({describe_exception(link)})",
                "the file is corrupt or incomplete: fetch or log the model again",
            )
        if isinstance(link, (AttributeError, ImportError)):
            return Failure(
                "MODEL_INCOMPATIBLE",
                _KIND,
                subject,
                f"it refers to code that this runtime does not have ({describe_exception(link)})",
                "serve it with the package versions it was trained with, "
                "or log it with its code (code_paths)",
            )
    return Failure(
        "MODEL_LOAD_FAILED",
        _KIND,
        subject,
        describe_exception(error),
        "the log holds the stack of the exception",
    )


def _missing_package(model_dir: Path, module: str) -> Failure:
    package = module.partition(".")[0]
    listed = _requirement_for(model_dir, package)
    named = f"the model needs {listed}, and " if listed else ""
    return Failure(
        "PACKAGE_MISSING",
        _KIND,
        str(model_dir),
        f"{named}the Python package '{package}' is not installed in this runtime",
        "use a runtime image that has it, or log the model with the code (code_paths)",
    )


def _requirement_for(model_dir: Path, package: str) -> str:
    try:
        lines = (model_dir / "requirements.txt").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    wanted = package.lower().replace("_", "-")
    for line in lines:
        if line.lower().replace("_", "-").startswith(wanted):
            return line.strip()
    return ""
