"""`calls.jsonl`: one line for each AWS call, with the role that made it, the IAM action and the resources.

The emulator enforces no policy; this file is what a test evaluates against the synthesised ones. It never holds
bodies, parameters' values or secrets. A call the emulator makes for a state machine or a rule counts as its role's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import router
from ministack.services import eventbridge, lambda_svc
from ministack.services import stepfunctions as sfn

from . import upstream
from .call_actions import Checks, integration_checks, request_checks, request_service
from .principals import Principal, principal_of
from .settings import ACCOUNT_ID, REGION
from .sfn_context import current_task, machine_of

upstream.require(router, "extract_access_key_id")

_FLUSH_S = 0.25
_POLLED = {"aws:sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")}


class CallLog:
    """Buffered writer of the file, and the hooks that fill it. `on_call(service, action)` hears of each SDK call."""

    def __init__(self, path: Path, on_call: Callable[[str, str], None]) -> None:
        self._path = path
        self._on_call = on_call
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._seen_once: set[tuple[str, str]] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="contourflow-call-log")

    def install(self) -> None:
        """Hook into request dispatch, Step Functions tasks, rule targets and function runs, and start writing."""
        upstream.replace(app, "_dispatch_service_request", self._recording_requests)
        upstream.replace(sfn, "_invoke_resource", self._recording_tasks)
        upstream.replace(sfn, "_invoke_with_callback", self._recording_tasks)
        upstream.replace(eventbridge, "_invoke_target", self._recording_targets)
        upstream.replace(lambda_svc, "_execute_function_warm", self._recording_runs)
        self._thread.start()

    def record(self, principal: Principal, checks: Checks, status: int) -> None:
        """Append the pairs of one call."""
        now = round(time.time(), 3)
        lines = [
            json.dumps(
                {
                    "time": now,
                    "principal": principal.as_record(),
                    "service": action.split(":", 1)[0],
                    "action": action,
                    "resources": resources,
                    "status": status,
                },
                separators=(",", ":"),
            )
            for action, resources in checks
        ]
        with self._lock:
            self._lines.extend(lines)

    def stop(self) -> None:
        """Write what is buffered and end."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def flush(self) -> None:
        """Write what is buffered now."""
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")

    def _work(self) -> None:
        while not self._stopping.wait(_FLUSH_S):
            self.flush()
        self.flush()

    def _recording_requests(self, dispatch: Any) -> Any:
        async def dispatch_and_record(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
        ) -> Any:
            response = await dispatch(method, path, headers, body, query, request_id)
            service = request_service(method, path, headers, body, query)
            checks = request_checks(service, method, path, headers, body, query)
            self.record(principal_of(router.extract_access_key_id(headers, query)), checks, response[0])
            action = checks[0][0].split(":", 1)[1] if checks else method
            if not (checks and method in {"GET", "HEAD"}):
                self._on_call(service, action)
            return response

        return dispatch_and_record

    def _recording_tasks(self, invoke: Any) -> Any:
        def invoke_and_record(resource: str, data: Any, *rest: Any) -> Any:
            task = current_task()
            if task is not None:
                machine = machine_of(task.execution)
                role = machine.get("roleArn")
                self.record(Principal("states", machine.get("name", ""), role), integration_checks(resource, data), 200)
            return invoke(resource, data, *rest)

        return invoke_and_record

    def _recording_targets(self, invoke: Any) -> Any:
        actions = {"states": "states:StartExecution", "sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction"}

        def invoke_and_record(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> Any:
            arn = target.get("Arn", "")
            action = actions.get(arn.split(":")[2] if arn.count(":") > 2 else "")
            if action is not None:
                principal = Principal("events", rule.get("Arn") or rule.get("Name", ""), target.get("RoleArn"))
                self.record(principal, [(action, [arn])], 200)
            return invoke(target, event, rule, view)

        return invoke_and_record

    def _recording_runs(self, run: Any) -> Any:
        """A function's role also writes its log and polls its queue, once is enough to know."""

        def run_and_record(func: dict[str, Any], event: Any, request_id: str) -> Any:
            config = func.get("config") or func
            principal = Principal("lambda", config.get("FunctionName", ""), config.get("Role"))
            group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{principal.name}"
            arn = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group}:log-stream:any"
            self._record_once(principal, [("logs:CreateLogStream", [arn]), ("logs:PutLogEvents", [arn])], arn)
            records = event.get("Records") if isinstance(event, dict) else None
            first = records[0] if isinstance(records, list) and records and isinstance(records[0], dict) else {}
            source = first.get("eventSourceARN", "")
            for action in _POLLED.get(first.get("eventSource", ""), ()):
                self._record_once(principal, [(action, [source])], action + source)
            return run(func, event, request_id)

        return run_and_record

    def _record_once(self, principal: Principal, checks: Checks, token: str) -> None:
        if (principal.name, token) not in self._seen_once:
            self._seen_once.add((principal.name, token))
            self.record(principal, checks, 200)
