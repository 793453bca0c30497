"""AWS::Batch::* in CloudFormation, on top of ministack's Batch control plane: create, update and delete for real."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import batch
from ministack.services.cloudformation import provisioners

from . import upstream
from .batch_names import camel
from .settings import ACCOUNT_ID, REGION

_scheduling_policies: dict[str, dict[str, Any]] = {}


class BatchResourceRefused(ValueError):
    """The Batch control plane answered a CloudFormation request with an error."""


def install() -> None:
    """Register handlers for the four Batch types, and the Batch operations they need that ministack lacks."""
    handlers = upstream.require(provisioners, "_RESOURCE_HANDLERS")
    dispatch = upstream.require(batch, "_DISPATCH")
    dispatch.update(
        {
            "/v1/updatejobqueue": _update_job_queue,
            "/v1/deletejobqueue": lambda p: _delete(batch._job_queues, p.get("jobQueue", "")),
            "/v1/deletecomputeenvironment": lambda p: _delete(batch._compute_envs, p.get("computeEnvironment", "")),
            "/v1/deregisterjobdefinition": _deregister_job_definition,
            "/v1/describejobdefinitions": _describe_job_definitions,
            "/v1/registerjobdefinition": register_job_definition,
        }
    )
    handlers["AWS::Batch::ComputeEnvironment"] = {
        "create": _create_compute_environment,
        "update": _update_compute_environment,
        "delete": lambda arn, _props: _delete(batch._compute_envs, arn),
    }
    handlers["AWS::Batch::JobQueue"] = {
        "create": _create_job_queue,
        "update": _update_job_queue_resource,
        "delete": lambda arn, _props: _delete(batch._job_queues, arn),
    }
    handlers["AWS::Batch::JobDefinition"] = {
        "create": _create_job_definition,
        "update": _replace_job_definition,
        "delete": lambda arn, _props: _deregister_job_definition({"jobDefinition": arn}),
    }
    handlers["AWS::Batch::SchedulingPolicy"] = {
        "create": _create_scheduling_policy,
        "delete": lambda arn, _props: _scheduling_policies.pop(arn, None),
    }


def register_job_definition(request: dict[str, Any]) -> Any:
    """RegisterJobDefinition that keeps the whole definition (stock keeps container properties and tags only)."""
    name = request.get("jobDefinitionName")
    if not name:
        return batch.error_response_json("ClientException", "jobDefinitionName is required", 400)
    revisions = batch._job_definitions.setdefault(name, [])
    revision = max((r["revision"] for r in revisions), default=0) + 1
    arn = batch._jd_arn(name, revision)
    revisions.append(
        {
            "type": "container",
            "parameters": {},
            "tags": {},
            **request,
            "jobDefinitionArn": arn,
            "revision": revision,
            "status": "ACTIVE",
            "containerOrchestrationType": "ECS",
        }
    )
    return batch._json(200, {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": revision})


def find_job_definition(reference: str) -> dict[str, Any] | None:
    """The active definition behind a name, `name:revision` or ARN; without a revision, the newest active one."""
    name, _, revision = reference.rsplit("job-definition/", 1)[-1].partition(":")
    active = [r for r in batch._job_definitions.get(name) or [] if r["status"] == "ACTIVE"]
    if revision:
        return next((r for r in active if str(r["revision"]) == revision), None)
    return active[-1] if active else None


def find_job_queue(reference: str) -> dict[str, Any] | None:
    """The job queue behind a name or ARN."""
    queue: dict[str, Any] | None = batch._job_queues.get(reference.rsplit("job-queue/", 1)[-1])
    return queue


def _call(operation: Callable[[dict[str, Any]], Any], request: dict[str, Any]) -> dict[str, Any]:
    status, _headers, body = operation(request)
    answer: dict[str, Any] = json.loads(body)
    if status >= 400:
        raise BatchResourceRefused(str(answer.get("message") or answer))
    return answer


def _named(properties: dict[str, Any], name_key: str, stack: str, logical_id: str) -> dict[str, Any]:
    request: dict[str, Any] = camel(properties)
    request.setdefault(name_key, f"{stack}-{logical_id}"[:128])
    if "priority" in request:
        request["priority"] = int(request["priority"])
    return request


def _create_compute_environment(logical_id: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    request = _named(props, "computeEnvironmentName", stack, logical_id)
    arn = _call(batch._create_compute_environment, request)["computeEnvironmentArn"]
    return arn, {"ComputeEnvironmentArn": arn}


def _update_compute_environment(
    arn: str, _old: dict[str, Any], new: dict[str, Any], _stack: str
) -> tuple[str, dict[str, str]]:
    _call(batch._update_compute_environment, {**camel(new), "computeEnvironment": arn})
    return arn, {"ComputeEnvironmentArn": arn}


def _create_job_queue(logical_id: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    request = _named(props, "jobQueueName", stack, logical_id)
    arn = _call(batch._create_job_queue, request)["jobQueueArn"]
    batch._job_queues[request["jobQueueName"]].update(_extra_queue_fields(request))
    return arn, {"JobQueueArn": arn}


def _update_job_queue_resource(
    arn: str, _old: dict[str, Any], new: dict[str, Any], _stack: str
) -> tuple[str, dict[str, str]]:
    _call(_update_job_queue, {**_named(new, "jobQueueName", "", ""), "jobQueue": arn})
    return arn, {"JobQueueArn": arn}


def _update_job_queue(request: dict[str, Any]) -> Any:
    queue = find_job_queue(request.get("jobQueue", ""))
    if queue is None:
        return batch.error_response_json("ClientException", f"{request.get('jobQueue')} does not exist", 400)
    for key in ("state", "priority", "computeEnvironmentOrder"):
        if key in request:
            queue[key] = request[key]
    queue.update(_extra_queue_fields(request))
    return batch._json(200, {"jobQueueName": queue["jobQueueName"], "jobQueueArn": queue["jobQueueArn"]})


def _extra_queue_fields(request: dict[str, Any]) -> dict[str, Any]:
    return {key: request[key] for key in ("jobStateTimeLimitActions", "schedulingPolicyArn") if key in request}


def _create_job_definition(logical_id: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    arn = _call(register_job_definition, _named(props, "jobDefinitionName", stack, logical_id))["jobDefinitionArn"]
    return arn, {"JobDefinitionArn": arn}


def _replace_job_definition(
    arn: str, _old: dict[str, Any], new: dict[str, Any], stack: str
) -> tuple[str, dict[str, str]]:
    """A changed definition is a new revision; jobs that run keep the old one, which takes no new jobs."""
    name = arn.rsplit("/", 1)[-1].split(":")[0]
    request = {**_named(new, "jobDefinitionName", stack, name), "jobDefinitionName": name}
    new_arn = _call(register_job_definition, request)["jobDefinitionArn"]
    _deregister_job_definition({"jobDefinition": arn})
    return new_arn, {"JobDefinitionArn": new_arn}


def _create_scheduling_policy(logical_id: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
    name = props.get("Name") or f"{stack}-{logical_id}"
    arn = f"arn:aws:batch:{REGION}:{ACCOUNT_ID}:scheduling-policy/{name}"
    _scheduling_policies[arn] = camel(props)
    return arn, {"Arn": arn}


def _deregister_job_definition(request: dict[str, Any]) -> Any:
    definition = find_job_definition(request.get("jobDefinition", ""))
    if definition is not None:
        definition["status"] = "INACTIVE"
    return batch._json(200, {})


def _describe_job_definitions(request: dict[str, Any]) -> Any:
    named = request.get("jobDefinitions") or []
    wanted_name, wanted_status = request.get("jobDefinitionName"), request.get("status")
    found = [
        revision
        for name, revisions in batch._job_definitions.items()
        for revision in revisions
        if (not wanted_name or name == wanted_name)
        and (not wanted_status or revision["status"] == wanted_status)
        and (not named or {revision["jobDefinitionArn"], f"{name}:{revision['revision']}", name} & set(named))
    ]
    return batch._json(200, {"jobDefinitions": found})


def _delete(store: Any, reference: str) -> Any:
    store.pop(reference.rsplit("/", 1)[-1], None)
    return batch._json(200, {})
