"""A function's error keeps its name: `errorType` is `err.name`, which is what Retry and Catch match on.

ministack's Node worker sends only the message and every error becomes `Runtime.HandlerError`. The worker script
now sends name and message, separated by a control character no message contains, and the result is taken apart.
"""

from __future__ import annotations

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from . import upstream

_MARK = "\x01"
_NAMED = (
    'status: "error", error: "\\u0001" + String(({e} && {e}.name) || "Error") + "\\u0001"'
    ' + String(({e} && {e}.message) || {e}), trace: ({e} && {e}.stack) || ""'
)
# A rejected promise or callback error, and an error thrown by a handler that is not async.
_LINES = {
    'status: "error", error: String(err.message || err), trace: err.stack || ""': _NAMED.format(e="err"),
    'status: "error", error: e.message, trace: e.stack': _NAMED.format(e="e"),
}


def install() -> None:
    """Replace the Node worker's error line, and unpack the name where the result is read."""
    upstream.replace(lambda_runtime, "_NODEJS_WORKER_SCRIPT", _with_error_name)
    upstream.replace(lambda_svc, "_execute_function_warm", _unpacking)


def _with_error_name(script: str) -> str:
    for sent_by_upstream, sent_by_us in _LINES.items():
        if script.count(sent_by_upstream) != 1:
            raise upstream.UpstreamChanged("the Node worker of ministack no longer sends errors as it did in 1.5.33")
        script = script.replace(sent_by_upstream, sent_by_us)
    return script


def _unpacking(run: Any) -> Any:
    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        return unpack_error_name(run(func, event, request_id))

    return execute


def unpack_error_name(result: Any) -> Any:
    """Move the error name from the front of `errorMessage` to `errorType`; other results pass unchanged."""
    body = result.get("body") if isinstance(result, dict) else None
    message = body.get("errorMessage") if isinstance(body, dict) else None
    if isinstance(body, dict) and isinstance(message, str) and message.startswith(_MARK):
        _, body["errorType"], body["errorMessage"] = message.split(_MARK, 2)
    return result
