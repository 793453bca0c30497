"""The record of a Batch job: how it begins, how it is shown, and the event of each change."""

from __future__ import annotations

import copy
import json
import logging
import re
from typing import Any

from ministack.services import batch, eventbridge

from . import upstream
from .batch_cloudformation import find_job_definition, find_job_queue
from .batch_process import resolve_command, resolve_environment
from .batch_retry import retry_strategy

upstream.require(eventbridge, "_put_events")

logger = logging.getLogger("contourflow.batch")

_JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_LIST_FIELDS = ("jobId", "jobArn", "jobName", "status", "statusReason", "createdAt", "startedAt", "stoppedAt")


def refusal(request: dict[str, Any]) -> str | None:
    """Why SubmitJob is refused, or None when it is not."""
    if not _JOB_NAME.fullmatch(request.get("jobName") or ""):
        return "Job name should match valid pattern [A-Za-z0-9][A-Za-z0-9_-]{0,127}"
    if request.get("arrayProperties") or request.get("nodeOverrides"):
        return "array and multi-node jobs do not exist in the local Batch"
    queue = find_job_queue(request.get("jobQueue") or "")
    if queue is None or queue["state"] != "ENABLED":
        return f"JobQueue {request.get('jobQueue')} does not exist or is not enabled"
    if find_job_definition(request.get("jobDefinition") or "") is None:
        return f"JobDefinition {request.get('jobDefinition')} does not exist or is not ACTIVE"
    return None


def new_job(request: dict[str, Any], definition: dict[str, Any], queue: dict[str, Any]) -> dict[str, Any]:
    """The job as DescribeJobs shows it, SUBMITTED."""
    job_id = batch.new_uuid()
    container = copy.deepcopy(definition.get("containerProperties") or {})
    overrides = request.get("containerOverrides") or {}
    container["command"] = resolve_command(definition, request)
    environment = resolve_environment(definition, request)
    container["environment"] = [{"name": name, "value": value} for name, value in environment.items()]
    if overrides.get("resourceRequirements"):
        named = {entry["type"]: entry for entry in container.get("resourceRequirements") or []}
        named.update({entry["type"]: entry for entry in overrides["resourceRequirements"]})
        container["resourceRequirements"] = list(named.values())
    return {
        "jobArn": batch._job_arn(job_id),
        "jobName": request["jobName"],
        "jobId": job_id,
        "jobQueue": queue["jobQueueArn"],
        "status": "SUBMITTED",
        "attempts": [],
        "statusReason": "",
        "createdAt": batch._now_ms(),
        "retryStrategy": retry_strategy(definition, request),
        "dependsOn": request.get("dependsOn") or [],
        "jobDefinition": definition["jobDefinitionArn"],
        "parameters": {**(definition.get("parameters") or {}), **(request.get("parameters") or {})},
        "container": {**container, "networkInterfaces": [], "volumes": container.get("volumes") or []},
        "timeout": request.get("timeout") or definition.get("timeout") or {},
        "tags": request.get("tags") or {},
        "propagateTags": bool(request.get("propagateTags")),
        "platformCapabilities": definition.get("platformCapabilities") or ["EC2"],
        "eksAttempts": [],
    }


def move(job: dict[str, Any], status: str, **changes: Any) -> None:
    """Change a job's status (and more) and send the event."""
    job.update(changes, status=status)
    logger.info("job %s %s is %s", job["jobName"], job["jobId"], status)
    send_event(job)


def send_event(job: dict[str, Any]) -> None:
    """Put `Batch Job State Change` on the default bus; its detail is the job."""
    entry = {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Detail": json.dumps(job),
        "Resources": [job["jobArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def summary(job: dict[str, Any]) -> dict[str, Any]:
    """The job as ListJobs shows it."""
    shown = {key: job[key] for key in _LIST_FIELDS if key in job}
    container = {key: job["container"][key] for key in ("exitCode", "reason") if key in job["container"]}
    return {**shown, "container": container, "jobDefinition": job["jobDefinition"]}


def name_matches(name: str, pattern: str) -> bool:
    """Whether a JOB_NAME filter, which may end in "*", takes a name."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
