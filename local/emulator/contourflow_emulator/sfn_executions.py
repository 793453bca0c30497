"""Executions that behave: equal-name starts, time limits, stops that stop, JSONata Parallel, nested executions.

Stock ministack refuses a repeated start that AWS accepts, has no machine TimeoutSeconds, lets a stopped execution
go on and end as FAILED, ignores JSONata fields of Parallel, and hides nested executions from their events.
"""

from __future__ import annotations

import contextvars
import copy
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import stepfunctions as sfn

from . import upstream
from .sfn_context import ABORTED, TaskContext, current_task, enter_task, is_wanted, leave_task, root_execution

for _name in (
    "_add_event",
    "_emit_execution_status_event",
    "_nested_start_execution_request",
    "_next_or_end",
    "_resolve_state_machine_arn",
    "_run_sub_machine",
    "now_iso",
):
    upstream.require(sfn, _name)


def install() -> None:
    """Replace the functions of ministack named in this module's description."""
    upstream.replace(sfn, "_start_execution", _idempotent_start)
    upstream.replace(sfn, "_run_execution", _time_limited)
    upstream.replace(sfn, "_fail_execution", _only_when_running)
    upstream.replace(sfn, "_execute_task", _in_task_context)
    upstream.replace(sfn, "_run_sub_machine", _while_wanted)
    upstream.replace(sfn, "_invoke_resource_with_timeout", _telling_the_task)
    upstream.replace(sfn, "_run_parallel_branches", _jsonata_parallel)
    upstream.replace(sfn, "_invoke_nested_start_execution_sync", lambda _original: _run_nested)


def _idempotent_start(start: Any) -> Any:
    """A running execution of the same name and input is returned as if it had just been started."""

    def start_execution(request: dict[str, Any]) -> Any:
        machine = sfn._state_machines.get(sfn._resolve_state_machine_arn(request.get("stateMachineArn", "")) or "")
        name = request.get("name")
        if machine is not None and name:
            arn = machine["stateMachineArn"].replace(":stateMachine:", ":execution:") + f":{name}"
            known = sfn._executions.get(arn)
            if known is not None and known["status"] == "RUNNING" and known["input"] == request.get("input", "{}"):
                return sfn.json_response({"executionArn": arn, "startDate": known["startDate"]})
        return start(request)

    return start_execution


def _time_limited(run: Any) -> Any:
    def run_execution(arn: str) -> None:
        execution = sfn._executions.get(arn) or {}
        machine = sfn._state_machines.get(execution.get("stateMachineArn", "")) or {}
        seconds = _machine_timeout(machine)
        timer = None
        if seconds is not None:
            timer = threading.Timer(seconds, contextvars.copy_context().run, (_time_out, execution, seconds))
            timer.daemon = True
            timer.start()
        run(arn)
        if timer is not None:
            timer.cancel()

    return run_execution


def _machine_timeout(machine: dict[str, Any]) -> float | None:
    try:
        seconds = json.loads(machine.get("definition") or "{}").get("TimeoutSeconds")
    except ValueError:
        return None
    return float(seconds) if seconds else None


def _time_out(execution: dict[str, Any], seconds: float) -> None:
    if execution.get("status") != "RUNNING":
        return
    cause = f"The execution ran longer than its state machine's TimeoutSeconds, {seconds:g}"
    execution.update(status="TIMED_OUT", stopDate=sfn.now_iso(), error="States.Timeout", cause=cause)
    details = {"executionTimedOutEventDetails": {"error": "States.Timeout", "cause": cause}}
    sfn._add_event(execution, "ExecutionTimedOut", details)
    sfn._emit_execution_status_event(execution)


def _only_when_running(fail: Any) -> Any:
    """An execution that was stopped or timed out keeps that status whatever its last task does."""

    def fail_execution(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return fail_execution


def _in_task_context(execute: Any) -> Any:
    def execute_task(state: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: Any) -> Any:
        task = TaskContext(execution)
        if not is_wanted(task):
            raise sfn._ExecutionError(ABORTED, "the execution no longer runs")
        token = enter_task(task)
        try:
            return execute(state, raw_input, execution, context)
        finally:
            leave_task(token)

    return execute_task


def _while_wanted(run: Any) -> Any:
    """A branch or item that has not begun does not begin once its execution has ended."""

    def run_sub_machine(states: Any, start_at: Any, data: Any, execution: dict[str, Any], context: Any) -> Any:
        if root_execution(execution)["status"] != "RUNNING" and not execution.get("sync"):
            raise sfn._ExecutionError(ABORTED, "the execution no longer runs")
        return run(states, start_at, data, execution, context)

    return run_sub_machine


def _telling_the_task(invoke: Any) -> Any:
    """A task whose state timed out learns of it, so that what it started can be ended."""

    def invoke_with_timeout(resource: str, data: Any, timeout: Any) -> Any:
        try:
            return invoke(resource, data, timeout)
        except sfn._ExecutionError as error:
            task = current_task()
            if error.error == "States.Timeout" and task is not None:
                task.timed_out.set()
            raise

    return invoke_with_timeout


def _jsonata_parallel(run_jsonpath: Any) -> Any:
    def run(state: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        if sfn._state_query_language(state, context) != "JSONata":
            return run_jsonpath(state, raw_input, execution, context)
        given = sfn._apply_jsonata_arguments(state, raw_input, context)
        branches = state.get("Branches", [])
        with ThreadPoolExecutor(max_workers=max(len(branches), 1)) as pool:
            # Each branch has its own variables and State, as AWS scopes them; a shared context would mix them up.
            futures = [
                pool.submit(
                    contextvars.copy_context().run,
                    sfn._run_sub_machine,
                    branch.get("States", {}),
                    branch.get("StartAt"),
                    given,
                    execution,
                    copy.deepcopy(context),
                )
                for branch in branches
            ]
        results = [_result(future) for future in futures]
        output = sfn._apply_jsonata_output(state, raw_input, context, result=results, default=results)
        sfn._apply_state_assign(state, raw_input, context, result=results)
        return output, sfn._next_or_end(state)

    return run


def _result(future: Any) -> Any:
    error = future.exception()
    if error is None:
        return future.result()
    raise error if isinstance(error, sfn._ExecutionError) else sfn._ExecutionError("States.BranchFailed", str(error))


def _run_nested(resource: str, data: dict[str, Any]) -> dict[str, Any]:
    """startExecution.sync[:2]: an execution of its own with its own events, stopped with the one that waits for it."""
    status, _headers, body = sfn._start_execution(sfn._nested_start_execution_request(data))
    answer = json.loads(body)
    if status >= 400:
        raise sfn._ExecutionError(f"StepFunctions.{answer.get('__type')}", answer.get("message", ""))
    child = sfn._executions[answer["executionArn"]]
    task = current_task()
    while child["status"] == "RUNNING":
        if not is_wanted(task):
            sfn._stop_execution({"executionArn": child["executionArn"], "cause": "the parent execution has ended"})
            raise sfn._ExecutionError(ABORTED, "the execution no longer runs")
        time.sleep(0.05)
    detail = _nested_detail(child, parse_output=resource.endswith(".sync:2"))
    if child["status"] != "SUCCEEDED":
        raise sfn._ExecutionError("States.TaskFailed", json.dumps(detail))
    return detail


def _nested_detail(child: dict[str, Any], *, parse_output: bool) -> dict[str, Any]:
    detail = {
        "ExecutionArn": child["executionArn"],
        "Input": json.loads(child["input"]) if parse_output else child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
    if child["status"] == "SUCCEEDED":
        output = child["output"] or "{}"
        detail.update(Output=json.loads(output) if parse_output else output, OutputDetails={"Included": True})
    else:
        detail.update(Error=child.get("error"), Cause=child.get("cause"))
    return detail
