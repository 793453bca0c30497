"""Which execution a Step Functions task works for, and whether it should still work.

ministack's task functions receive a resource and its input only; here the execution travels in a context variable,
which ministack copies into every thread it starts for a branch, an item or a timed task.
"""

from __future__ import annotations

import contextvars
import threading
from dataclasses import dataclass, field
from typing import Any

from ministack.services import stepfunctions as sfn

from . import upstream

for _name in ("_executions", "_state_machines", "_map_runs", "_ExecutionError"):
    upstream.require(sfn, _name)

ABORTED = "States.Aborted"


@dataclass
class TaskContext:
    """One running task. `timed_out` is set when its state gave up waiting for it."""

    execution: dict[str, Any]
    timed_out: threading.Event = field(default_factory=threading.Event)


_current: contextvars.ContextVar[TaskContext | None] = contextvars.ContextVar("contourflow_task", default=None)


def current_task() -> TaskContext | None:
    """The task of this context, if Step Functions runs one."""
    return _current.get()


def enter_task(task: TaskContext) -> contextvars.Token[TaskContext | None]:
    """Make `task` the current one in this context; undo with `leave_task`."""
    return _current.set(task)


def leave_task(token: contextvars.Token[TaskContext | None]) -> None:
    """Undo `enter_task`."""
    _current.reset(token)


def root_execution(execution: dict[str, Any]) -> dict[str, Any]:
    """The execution a person started: a Distributed Map child leads to its parent through the map run."""
    seen = execution
    while (run := sfn._map_runs.get(seen.get("mapRunArn") or "")) is not None:
        parent = sfn._executions.get(run["executionArn"])
        if parent is None:
            break
        seen = parent
    return seen


def is_wanted(task: TaskContext | None) -> bool:
    """Whether anybody still waits for the task: its execution runs and its state has not timed out."""
    if task is None:
        return True
    return root_execution(task.execution)["status"] == "RUNNING" and not task.timed_out.is_set()


def machine_of(execution: dict[str, Any]) -> dict[str, Any]:
    """The state machine record of an execution (that of a Distributed Map child is its parent's)."""
    arn = root_execution(execution)["stateMachineArn"]
    machine: dict[str, Any] = sfn._state_machines.get(arn) or {}
    return machine
