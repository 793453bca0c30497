"""Tags of a bucket in a stack become tags of the bucket.

ministack drops them, and the CDK's automatic emptying of buckets, which looks for its tag, then fails a deletion.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from . import upstream

upstream.require(s3, "_bucket_tags")


def install() -> None:
    """Set the tags after ministack's own handlers have created or updated a bucket."""
    handlers = upstream.require(provisioners, "_RESOURCE_HANDLERS")
    bucket = handlers["AWS::S3::Bucket"]

    def create(logical_id: str, props: dict[str, Any], stack: str) -> Any:
        created = bucket["create"](logical_id, props, stack)
        _set_tags(created[0], props)
        return created

    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> Any:
        updated = bucket["update"](physical_id, old, new, stack)
        _set_tags(updated[0], new)
        return updated

    handlers["AWS::S3::Bucket"] = {**bucket, "create": create, "update": update}


def _set_tags(bucket: str, props: dict[str, Any]) -> None:
    tags = {tag["Key"]: str(tag["Value"]) for tag in props.get("Tags") or []}
    if tags:
        s3._bucket_tags[bucket] = tags
    else:
        s3._bucket_tags.pop(bucket, None)
