"""After a crash: what was running is ended, said to be ended, and told to those who wait for it.

Executions become ABORTED and jobs FAILED while the state is loaded; their events follow once AWS is served again,
because rules, queues and functions must be there to receive them. Messages that a function was at work on come again.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from ministack.services import lambda_svc, sqs
from ministack.services import stepfunctions as sfn

from . import upstream
from .batch_jobs import BatchJobs

logger = logging.getLogger("contourflow.recovery")

upstream.require(lambda_svc, "_esms")
upstream.require(sqs, "_queues")

ERROR = "MachineStopped"
"""Tells an end with the machine from one that somebody asked for: what can go on, goes on."""
CAUSE = "The emulator was stopped while this execution ran."


class Recovery:
    """Collects what a crash interrupted, and announces it once."""

    def __init__(self, jobs: BatchJobs) -> None:
        self._jobs = jobs
        self._aborted: list[dict[str, Any]] = []
        self._failed: list[dict[str, Any]] = []

    def install(self) -> None:
        """Mark interrupted executions ABORTED where ministack, on loading its state, would mark them FAILED."""
        upstream.replace(sfn, "_restore_state", self._aborting)

    def end_interrupted(self) -> None:
        """End orphaned job processes and what only a journal knew of; call once the state is loaded."""
        for execution in sfn._executions.all_values():
            if execution["status"] == "RUNNING":
                self._abort(execution)
        _release_messages()
        self._failed = self._jobs.end_orphans()

    def announce(self) -> None:
        """Send the status events of everything that was ended; call once AWS is served."""
        for execution in self._aborted:
            sfn._emit_execution_status_event(execution)
        self._jobs.announce(self._failed)
        if self._aborted or self._failed:
            logger.info(
                "a crash interrupted %d executions and %d jobs; their events were sent",
                len(self._aborted),
                len(self._failed),
            )
        self._aborted, self._failed = [], []

    def _aborting(self, restore: Any) -> Any:
        def restore_state(data: dict[str, Any] | None) -> None:
            executions = (data or {}).get("executions")
            for execution in executions.all_values() if executions is not None else []:
                if execution["status"] == "RUNNING":
                    self._abort(execution)
            restore(data)

        return restore_state

    def _abort(self, execution: dict[str, Any]) -> None:
        execution.update(status="ABORTED", stopDate=sfn.now_iso(), error=ERROR, cause=CAUSE)
        details = {"executionAbortedEventDetails": {"error": ERROR, "cause": CAUSE}}
        sfn._add_event(execution, "ExecutionAborted", details)
        if not execution.get("mapRunArn") and not execution.get("sync"):
            self._aborted.append(execution)


def _release_messages() -> None:
    """Functions died with the emulator, so what they had received is visible again: nobody is left to wait for.

    On AWS a function does not die with its queue, and its messages stay hidden for the visibility timeout, here
    minutes. A client of a queue without a function may have outlived the emulator; its messages stay hidden.
    """
    consumed = {mapping.get("EventSourceArn") for mapping in lambda_svc._esms.all_values()}
    now = time.time()
    released = 0
    for queue in sqs._queues.all_values():
        if queue["attributes"].get("QueueArn") not in consumed:
            continue
        for message in queue["messages"]:
            if message.get("receipt_handle") is not None and message["visible_at"] > now:
                message.update(visible_at=now, receipt_handle=None)
                released += 1
    if released:
        logger.info("%d messages that functions were at work on are visible again", released)
