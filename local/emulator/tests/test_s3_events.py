"""What S3 says on the event bus about a new object."""

from __future__ import annotations

import json
import uuid

from conftest import Emulator, wait_for


def test_the_event_names_key_and_version_and_only_matching_keys_arrive(emulator: Emulator) -> None:
    s3, sqs, events = emulator.client("s3"), emulator.client("sqs"), emulator.client("events")
    name = f"events-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    key_pattern = [{"wildcard": "incoming/*/_COMPLETE.json"}]
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [name]}, "object": {"key": key_pattern}},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}])
    s3.put_object(Bucket=name, Key="incoming/p/image.dcm", Body=b"1")
    version = s3.put_object(Bucket=name, Key="incoming/p/_COMPLETE.json", Body=b"{}")["VersionId"]
    bodies: list[str] = []

    def arrived() -> bool:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        bodies.extend(message["Body"] for message in messages)
        return bool(bodies)

    wait_for(arrived)
    seen = [json.loads(body)["detail"]["object"] for body in bodies]
    assert [(entry["key"], entry["version-id"], entry["size"]) for entry in seen] == [
        ("incoming/p/_COMPLETE.json", version, 2)
    ]
