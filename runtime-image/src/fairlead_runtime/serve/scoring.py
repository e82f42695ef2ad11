"""Owns one prediction: bytes in, bytes out, by MLflow's own parsing and prediction code."""

from __future__ import annotations

import json
import logging
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel, scoring_server

from fairlead_runtime.failure import describe_exception
from fairlead_runtime.serve.messages import reword
from fairlead_runtime.serve.replies import Reply, make_error

_logger = logging.getLogger(__name__)

_UNSUPPORTED_MEDIA_TYPE = 415
_SERVER_ERROR = 500


class Scorer:
    """Scores request bodies against one loaded model."""

    def __init__(self, model: PyFuncModel) -> None:
        self._model = model
        self._input_schema = model.metadata.get_input_schema()

    def score(self, content_type: str, body: bytes) -> Reply:
        """Answers one request; every outcome is a reply, none an exception."""
        try:
            return self._score(content_type, body)
        except MlflowException as error:
            return _refuse(error)
        except Exception as error:
            _logger.exception("answering failed")
            return make_error(_SERVER_ERROR, "INTERNAL_ERROR", describe_exception(error))

    def _score(self, content_type: str, body: bytes) -> Reply:
        mime_type = content_type.partition(";")[0].strip()
        data: Any = body
        if mime_type == scoring_server.CONTENT_TYPE_JSON:
            try:
                data = json.loads(body)
            except ValueError as error:
                return make_error(400, "BAD_REQUEST", f"The body is not valid JSON: {error}")
            if not isinstance(data, dict):
                return make_error(
                    400,
                    "BAD_REQUEST",
                    f"{scoring_server.REQUIRED_INPUT_FORMAT}; "
                    f"the body is a JSON {_json_type(data)}.",
                )
            _unwrap_split(data)
        answer = scoring_server.invocations(data, content_type, self._model, self._input_schema)
        if answer.status == _UNSUPPORTED_MEDIA_TYPE:
            return make_error(answer.status, "UNSUPPORTED_MEDIA_TYPE", answer.response)
        return Reply(answer.status, answer.response.encode(), answer.mimetype.encode())


def _unwrap_split(data: dict[str, Any]) -> None:
    # The curl example in the public documentation of the original sends the split
    # object as the only element of a list.
    split = data.get(scoring_server.DF_SPLIT)
    if isinstance(split, list) and len(split) == 1 and isinstance(split[0], dict):
        data[scoring_server.DF_SPLIT] = split[0]


def _json_type(value: object) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _refuse(error: MlflowException) -> Reply:
    status = error.get_http_status_code()
    message = reword(str(error.message))
    raised = error.__context__
    if raised is not None and "stack_trace" in error.json_kwargs:
        # The stack goes to the log of whoever runs the model, never to whoever calls it.
        _logger.error("the model raised", exc_info=raised)
        message = f"{message} Cause: {describe_exception(raised)}"
    return make_error(status, str(error.error_code), message)
