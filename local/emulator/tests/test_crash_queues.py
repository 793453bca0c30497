"""Messages and executions at the moment of a `kill -9`: what was acknowledged is not lost, and waits for nobody."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Emulator, wait_for

ROLE = "arn:aws:iam::000000000000:role/machine"
ACCOUNT = "arn:aws:{service}:us-east-1:000000000000:{name}"
LONG = {"VisibilityTimeout": "600"}
# Says what it began and what it finished; the first process to get a message is killed in the middle.
CONSUMER = """
import { appendFileSync } from 'node:fs';
export const handler = async ({ Records }) => {
  for (const { body } of Records) appendFileSync(process.env.DIARY, `begun ${body}\\n`);
  await new Promise((done) => setTimeout(done, Number(process.env.WORK_MS)));
  for (const { body } of Records) appendFileSync(process.env.DIARY, `done ${body}\\n`);
};
"""


def arn_of(service: str, name: str) -> str:
    return ACCOUNT.format(service=service, name=name)


def bodies_in(emulator: Emulator, url: str) -> list[str]:
    """Everything that can be received now."""
    sqs = emulator.client("sqs")
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return found


def consume(emulator: Emulator, queue: str, diary: Path, work_ms: int) -> None:
    """A function that takes `work_ms` over the messages of the queue."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.mjs", CONSUMER)
    functions = emulator.client("lambda")
    functions.create_function(
        FunctionName="consumer",
        Runtime="nodejs24.x",
        Handler="index.handler",
        Role=ROLE,
        Timeout=30,
        Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"DIARY": str(diary), "WORK_MS": str(work_ms)}},
    )
    functions.create_event_source_mapping(FunctionName="consumer", EventSourceArn=arn_of("sqs", queue))


def route_to(emulator: Emulator, queue: str, pattern: dict[str, Any]) -> None:
    """A rule that puts what matches into the queue."""
    events = emulator.client("events")
    events.put_rule(Name=queue, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=queue, Targets=[{"Id": "q", "Arn": arn_of("sqs", queue)}])


@pytest.fixture
def diary(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "diary"
    path.touch()
    yield path


def test_a_message_that_was_being_worked_on_comes_again_at_once(crashing: Emulator, diary: Path) -> None:
    sqs = crashing.client("sqs")
    url = sqs.create_queue(QueueName="work", Attributes=LONG)["QueueUrl"]
    consume(crashing, "work", diary, work_ms=4_000)
    sqs.send_message(QueueUrl=url, MessageBody="one")
    wait_for(lambda: "begun one" in diary.read_text())
    time.sleep(1)
    crashing.kill()
    crashing.start()
    wait_for(lambda: diary.read_text().count("begun one") == 2, seconds=10)
    wait_for(lambda: bodies_in_all_states(crashing, url) == [], seconds=15)
    crashing.kill()
    crashing.start()
    time.sleep(3)
    assert diary.read_text().count("begun one") == 2


def test_a_message_received_by_a_client_stays_hidden(crashing: Emulator) -> None:
    """A client of ours may have outlived the emulator, and still be at it."""
    sqs = crashing.client("sqs")
    url = sqs.create_queue(QueueName="work", Attributes=LONG)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    time.sleep(1)
    crashing.kill()
    crashing.start()
    assert bodies_in(crashing, url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)


def test_no_acknowledged_message_is_lost_while_saving_is_slow(crashing: Emulator) -> None:
    sqs = crashing.client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    ballast = sqs.create_queue(QueueName="ballast")["QueueUrl"]
    time.sleep(0.6)
    for _ in range(60):
        entries = [{"Id": str(n), "MessageBody": "x" * 20_000} for n in range(10)]
        sqs.send_message_batch(QueueUrl=ballast, Entries=entries)
    for number in range(20):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    crashing.kill()
    crashing.start()
    assert sorted(bodies_in(crashing, url), key=int) == [str(n) for n in range(20)]


def test_an_acknowledged_deletion_holds(crashing: Emulator) -> None:
    sqs = crashing.client("sqs")
    url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    time.sleep(0.6)
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(6)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    received = {}
    while len(received) < 6:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)["Messages"]
        received.update({message["Body"]: message["ReceiptHandle"] for message in messages})
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received["0"])
    batch = [{"Id": name, "ReceiptHandle": received[name]} for name in ("1", "2")]
    sqs.delete_message_batch(QueueUrl=url, Entries=batch)
    crashing.kill()
    crashing.start()
    assert sorted(set(bodies_in_all_states(crashing, url))) == ["3", "4", "5"]
    sqs.purge_queue(QueueUrl=url)
    crashing.kill()
    crashing.start()
    assert bodies_in_all_states(crashing, url) == []


def bodies_in_all_states(emulator: Emulator, url: str) -> list[str]:
    """What a queue holds, hidden messages included, as the next start would find it."""
    emulator.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    time.sleep(1)
    payload = json.loads((emulator.state / "services/sqs.json").read_text())["payload"]
    queues = payload["queues"]["data"].values()
    return [message["body"] for queue in queues if url.endswith(queue["name"]) for message in queue["messages"]]


def test_no_event_that_was_taken_is_lost_on_its_way_to_a_queue(crashing: Emulator) -> None:
    sqs, events, s3 = crashing.client("sqs"), crashing.client("events"), crashing.client("s3")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    uploads = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    route_to(crashing, "told", {"source": ["mine"]})
    route_to(crashing, "uploads", {"source": ["aws.s3"]})
    s3.create_bucket(Bucket="data")
    s3.put_bucket_notification_configuration(Bucket="data", NotificationConfiguration={"EventBridgeConfiguration": {}})
    time.sleep(0.8)
    entries = [{"Source": "mine", "DetailType": "d", "Detail": json.dumps({"n": n})} for n in range(5)]
    events.put_events(Entries=entries)
    s3.put_object(Bucket="data", Key="manifest", Body=b"{}")
    crashing.kill()
    crashing.start()
    assert sorted(json.loads(body)["detail"]["n"] for body in bodies_in(crashing, url)) == [0, 1, 2, 3, 4]
    (uploaded,) = bodies_in(crashing, uploads)
    assert json.loads(uploaded)["detail"]["object"]["key"] == "manifest"
    assert s3.get_object(Bucket="data", Key="manifest")["Body"].read() == b"{}"


def test_no_acknowledged_start_of_an_execution_is_lost(crashing: Emulator) -> None:
    sqs, sfn = crashing.client("sqs"), crashing.client("stepfunctions")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    route_to(crashing, "told", {"source": ["aws.states"], "detail": {"status": ["ABORTED"]}})
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
    machine = sfn.create_state_machine(name="m", roleArn=ROLE, definition=json.dumps(definition))["stateMachineArn"]
    time.sleep(1)
    arn = sfn.start_execution(stateMachineArn=machine, name="first", input='{"a":1}')["executionArn"]
    crashing.kill()
    crashing.start()
    ended = sfn.describe_execution(executionArn=arn)
    assert (ended["status"], ended["input"], ended["error"]) == ("ABORTED", '{"a":1}', "MachineStopped")
    assert [event["type"] for event in sfn.get_execution_history(executionArn=arn)["events"]] == [
        "ExecutionStarted",
        "ExecutionAborted",
    ]
    (told,) = wait_for(lambda: bodies_in(crashing, url))
    assert json.loads(told)["detail"]["executionArn"] == arn
    again = sfn.start_execution(stateMachineArn=machine, name="second")["executionArn"]
    crashing.kill()
    crashing.start()
    listed = sfn.list_executions(stateMachineArn=machine)["executions"]
    assert {entry["executionArn"]: entry["status"] for entry in listed} == {arn: "ABORTED", again: "ABORTED"}
