"""Step Functions reads and writes S3 objects: `aws-sdk:s3:putObject` and `aws-sdk:s3:getObject`."""

from __future__ import annotations

import json
import re
from typing import Any

from ministack import app
from ministack.services import stepfunctions as sfn

from . import upstream

for _name in ("call_service_handler_sync", "SERVICE_HANDLERS"):
    upstream.require(app, _name)

_HEADERS = {
    "ContentType": "content-type",
    "IfNoneMatch": "if-none-match",
    "IfMatch": "if-match",
    "ChecksumSHA256": "x-amz-checksum-sha256",
}


def install() -> None:
    """Answer the two actions here, and leave every other SDK integration to ministack."""
    upstream.replace(sfn, "_invoke_aws_sdk_integration", _with_s3)


def read_object(request: dict[str, Any]) -> dict[str, Any]:
    """GetObject as Step Functions gives it: `Body` is text.

    Raises:
        _ExecutionError: `S3.<Code>Exception`, such as S3.NoSuchKeyException.
    """
    headers, body = _call("GET", request, b"")
    return {
        "Body": body.decode("utf-8"),
        "ContentLength": len(body),
        "ContentType": headers.get("content-type"),
        "ETag": headers.get("etag"),
        "LastModified": headers.get("last-modified"),
        "VersionId": headers.get("x-amz-version-id"),
    }


def write_object(request: dict[str, Any]) -> dict[str, Any]:
    """PutObject; a `Body` that is not text is written as JSON.

    Raises:
        _ExecutionError: `S3.<Code>Exception`, such as S3.PreconditionFailedException.
    """
    body = request.get("Body", "")
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    headers, _ = _call("PUT", request, text.encode())
    return {"ETag": headers.get("etag"), "VersionId": headers.get("x-amz-version-id")}


def _with_s3(integration: Any) -> Any:
    actions = {"getobject": read_object, "putobject": write_object}

    def invoke(resource: str, data: dict[str, Any]) -> Any:
        service, _, action = resource.rsplit("aws-sdk:", 1)[-1].partition(":")
        ours = actions.get(action.lower()) if service == "s3" else None
        return integration(resource, data) if ours is None else ours(data)

    return invoke


def _call(method: str, request: dict[str, Any], body: bytes) -> tuple[dict[str, str], bytes]:
    headers = {"host": "s3.us-east-1.amazonaws.com", "content-length": str(len(body))}
    headers.update({wire: str(request[name]) for name, wire in _HEADERS.items() if request.get(name)})
    for name, value in (request.get("Metadata") or {}).items():
        headers[f"x-amz-meta-{name.lower()}"] = str(value)
    query = {"versionId": [request["VersionId"]]} if request.get("VersionId") else {}
    path = f"/{request['Bucket']}/{request['Key']}"
    status, answered, content = app.call_service_handler_sync(
        app.SERVICE_HANDLERS["s3"], method, path, headers, body, query
    )
    content = content if isinstance(content, bytes) else bytes(content or b"")
    if status >= 400:
        code = re.search(rb"<Code>(\w+)</Code>", content)
        name = code.group(1).decode() if code else {404: "NoSuchKey", 412: "PreconditionFailed"}.get(status, "S3")
        message = re.search(rb"<Message>(.*?)</Message>", content, re.DOTALL)
        raise sfn._ExecutionError(f"S3.{name}Exception", message.group(1).decode() if message else f"status {status}")
    return {name.lower(): value for name, value in answered.items()}, content
