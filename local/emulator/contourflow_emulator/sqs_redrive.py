"""Dead letter queues can be redriven: StartMessageMoveTask and its companions, which ministack lacks.

A task moves everything the queue holds at that moment, to the queue each message came from or to the one named.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import sqs

from . import upstream

for _name in ("_queues", "_queues_lock", "_queue_by_arn", "_Err"):
    upstream.require(sqs, _name)

_tasks: list[dict[str, Any]] = []


def install() -> None:
    """Add the three operations to ministack's table."""
    upstream.require(sqs, "_HANDLERS").update(
        {
            "StartMessageMoveTask": _start,
            "ListMessageMoveTasks": _list,
            "CancelMessageMoveTask": _cancel,
        }
    )


def _start(request: dict[str, Any], _queue_url: str) -> dict[str, Any]:
    source_arn = request.get("SourceArn", "")
    source = sqs._queue_by_arn(source_arn)
    if source is None:
        raise sqs._Err("ResourceNotFoundException", f"The queue {source_arn} does not exist.", 404)
    target = _target(source_arn, request.get("DestinationArn"))
    now = time.time()
    with sqs._queues_lock:
        messages, source["messages"] = list(source["messages"]), []
        for message in messages:
            message.update(visible_at=now, receive_count=0, receipt_handle=None)
        target["messages"].extend(messages)
    esm_wake.set()
    task = {
        "TaskHandle": str(uuid.uuid4()),
        "Status": "COMPLETED",
        "SourceArn": source_arn,
        "ApproximateNumberOfMessagesMoved": len(messages),
        "ApproximateNumberOfMessagesToMove": len(messages),
        "StartedTimestamp": int(now * 1000),
    }
    _tasks.insert(0, task)
    return {"TaskHandle": task["TaskHandle"]}


def _target(source_arn: str, named: str | None) -> Any:
    if named:
        target = sqs._queue_by_arn(named)
        if target is None:
            raise sqs._Err("ResourceNotFoundException", f"The queue {named} does not exist.", 404)
        return target
    for queue in sqs._queues.values():
        policy = json.loads((queue.get("attributes") or {}).get("RedrivePolicy") or "{}")
        if policy.get("deadLetterTargetArn") == source_arn:
            return queue
    raise sqs._Err("InvalidParameterValue", f"{source_arn} is the dead letter queue of no queue; name a DestinationArn")


def _list(request: dict[str, Any], _queue_url: str) -> dict[str, Any]:
    limit = int(request.get("MaxResults") or 1)
    return {"Results": [task for task in _tasks if task["SourceArn"] == request.get("SourceArn")][:limit]}


def _cancel(_request: dict[str, Any], _queue_url: str) -> dict[str, Any]:
    raise sqs._Err("ResourceNotFoundException", "No message move task is running: moves end at once.", 404)
