"""`Object Created` events name the version that was written, as AWS does for versioned buckets, and cannot be lost.

Stock ministack answers PutObject and sends the event on a thread of its own: a crash in between loses it, and with
it an upload that announces itself by its last object.
"""

from __future__ import annotations

import contextvars
import json
from typing import Any

from ministack.services import eventbridge, s3

from . import upstream

for _name in ("_bucket_notifications", "_next_event_sequencer"):
    upstream.require(s3, _name)

_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("contourflow_s3_version", default=None)


def install() -> None:
    """Fire events before the call is answered, and carry the version id to where EventBridge takes them."""
    upstream.replace(s3, "_fire_s3_event_async", lambda _original: _fire_at_once)
    upstream.replace(s3, "_fire_s3_event", _remembering_version)
    upstream.replace(eventbridge, "_dispatch_event", _naming_version)


def _fire_at_once(bucket: str, key: str, event: str, *details: Any, **options: Any) -> None:
    if bucket in s3._bucket_notifications:
        s3._fire_s3_event(bucket, key, event, *details, **options, sequencer=s3._next_event_sequencer(event))


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
