"""What a call means to IAM: the (action, resource) pairs it needs, for SDK requests and Step Functions tasks."""

from __future__ import annotations

import json
from typing import Any

from ministack import app
from ministack.core import iam_actions, router

from . import upstream
from .settings import ACCOUNT_ID, REGION

for _name in (
    "extract_iam_action",
    "extract_resource_arn",
    "dynamodb_resource_arns",
    "dynamodb_transaction_checks",
    "s3_additional_checks",
):
    upstream.require(iam_actions, _name)
upstream.require(app, "_routing_params")
upstream.require(router, "detect_service")

Checks = list[tuple[str, list[str]]]

# Step Functions names its SDK services after SDK packages, IAM after endpoints.
_IAM_NAMESPACE = {
    "sfn": "states",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "cognitoidentityprovider": "cognito-idp",
}
_BATCH_JOB = frozenset({"TerminateJob", "CancelJob"})


def request_service(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> str:
    """The AWS service an HTTP request is for, as ministack routes it."""
    params = app._routing_params(method, path, headers, body, query)
    return str(router.detect_service(method, path, headers, params))


def request_checks(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Checks:
    """The pairs AWS would check for an HTTP request; empty for one that is no AWS operation."""
    params = app._routing_params(method, path, headers, body, query)
    action = iam_actions.extract_iam_action(service, method, path, headers, body, params)
    if action is None:
        return []
    if service == "dynamodb":
        transaction = iam_actions.dynamodb_transaction_checks(action, body, REGION, ACCOUNT_ID)
        if transaction:
            return [(item_action, [arn]) for item_action, arn in transaction]
        return [(action, iam_actions.dynamodb_resource_arns(body, REGION, ACCOUNT_ID) or ["*"])]
    if service == "batch":
        return [(action, _batch_resources(action, _json(body)))]
    if service == "logs":
        return [(action, [_log_resource(_json(body))])]
    arn = iam_actions.extract_resource_arn(service, method, path, headers, body, params, REGION, ACCOUNT_ID)
    checks: Checks = [(action, [arn])]
    if service == "s3":
        extra = iam_actions.s3_additional_checks(method, path, headers, body, params)
        checks.extend((extra_action, [extra_arn]) for extra_action, extra_arn in extra)
    return checks


def integration_checks(resource: str, data: Any) -> Checks:
    """The pairs a state machine's role needs for one task: `resource` is the task's, `data` its arguments."""
    given = data if isinstance(data, dict) else {}
    if ":function:" in resource:
        return [("lambda:InvokeFunction", [resource])]
    service, _, action = resource.split(":::", 1)[-1].removesuffix(".waitForTaskToken").partition(":")
    action = action.split(".sync")[0]
    if service == "aws-sdk":
        service, _, action = action.partition(":")
        service = _IAM_NAMESPACE.get(service, service)
    name = action[:1].upper() + action[1:]
    if service == "lambda" and name == "Invoke":
        return [("lambda:InvokeFunction", [_function_arn(given.get("FunctionName", "*"))])]
    return [(f"{service}:{_s3_name(name) if service == 's3' else name}", _integration_resources(service, name, given))]


def _integration_resources(service: str, name: str, given: dict[str, Any]) -> list[str]:
    if service == "s3":
        key = given.get("Key")
        return [f"arn:aws:s3:::{given.get('Bucket')}" + (f"/{key}" if key else "")]
    if service == "dynamodb":
        return iam_actions.dynamodb_resource_arns(json.dumps(given).encode(), REGION, ACCOUNT_ID) or ["*"]
    if service == "sqs":
        queue = str(given.get("QueueUrl", "*")).rstrip("/").rsplit("/", 1)[-1]
        return [f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{queue}"]
    if service == "states":
        return [given.get("StateMachineArn") or given.get("ExecutionArn") or "*"]
    if service == "batch":
        return _batch_resources(f"batch:{name}", {key[:1].lower() + key[1:]: value for key, value in given.items()})
    if service == "events":
        buses = {entry.get("EventBusName") or "default" for entry in given.get("Entries") or [{}]}
        return [bus if bus.startswith("arn:") else _event_bus_arn(bus) for bus in sorted(buses)]
    if service == "sns":
        return [given.get("TopicArn") or "*"]
    return ["*"]


def _batch_resources(action: str, request: dict[str, Any]) -> list[str]:
    name = action.split(":", 1)[1]
    prefix = f"arn:aws:batch:{REGION}:{ACCOUNT_ID}:"
    if name == "SubmitJob":
        parts = (("job-definition/", request.get("jobDefinition", "*")), ("job-queue/", request.get("jobQueue", "*")))
        return [ref if ref.startswith("arn:") else f"{prefix}{kind}{ref}" for kind, ref in parts]
    if name in _BATCH_JOB:
        return [f"{prefix}job/{request.get('jobId', '*')}"]
    return ["*"]


def _log_resource(request: dict[str, Any]) -> str:
    group = request.get("logGroupName")
    if not group:
        return str(request.get("logGroupIdentifier") or "*")
    stream = request.get("logStreamName")
    return f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group}:" + (f"log-stream:{stream}" if stream else "*")


def _function_arn(reference: str) -> str:
    return reference if reference.startswith("arn:") else f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{reference}"


def _event_bus_arn(name: str) -> str:
    return f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{name}"


def _s3_name(name: str) -> str:
    return {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket"}.get(name, name)


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
