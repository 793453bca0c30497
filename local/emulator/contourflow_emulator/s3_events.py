"""`Object Created` events on the bus name the version that was written, as AWS does for versioned buckets."""

from __future__ import annotations

import contextvars
import json
from typing import Any

from ministack.services import eventbridge, s3

from . import upstream

_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("contourflow_s3_version", default=None)


def install() -> None:
    """Carry the version id from where S3 fires its event to where EventBridge takes it."""
    upstream.replace(s3, "_fire_s3_event", _remembering_version)
    upstream.replace(eventbridge, "_dispatch_event", _naming_version)


def _remembering_version(fire: Any) -> Any:
    def fire_event(*args: Any, version_id: str | None = None, **options: Any) -> Any:
        token = _version.set(version_id)
        try:
            return fire(*args, version_id=version_id, **options)
        finally:
            _version.reset(token)

    return fire_event


def _naming_version(dispatch: Any) -> Any:
    def dispatch_event(event: dict[str, Any], view: Any = None) -> Any:
        version = _version.get()
        if version is None or event.get("Source") != "aws.s3":
            return dispatch(event, view)
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        return dispatch({**event, "Detail": json.dumps(detail)}, None)

    return dispatch_event
