"""The call log: who, which action, on what, for SDK calls and for what the emulator does for others."""

from __future__ import annotations

import json
import uuid
from typing import Any

from conftest import Emulator, wait_for
from test_functions import Functions
from test_states import Machines

ROLE = "arn:aws:iam::000000000000:role/machine"


def with_action(calls: list[dict[str, Any]], action: str, resource: str) -> list[dict[str, Any]]:
    return [call for call in calls if call["action"] == action and any(resource in arn for arn in call["resources"])]


def test_a_user_call(emulator: Emulator) -> None:
    name = f"log-{uuid.uuid4().hex[:8]}"
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a/b c", Body=b"secret words")
    s3.head_object(Bucket=name, Key="a/b c")
    s3.list_objects_v2(Bucket=name)
    calls = emulator.calls()
    put = with_action(calls, "s3:PutObject", name)[-1]
    assert put["resources"] == [f"arn:aws:s3:::{name}/a/b c"] and put["status"] == 200
    assert put["principal"] == {"kind": "user", "name": "user", "roleArn": None}
    assert with_action(calls, "s3:GetObject", name) and with_action(calls, "s3:ListBucket", name)
    assert "secret words" not in (emulator.state / "calls.jsonl").read_text()


def test_a_transaction_is_its_items_and_a_query_its_index(emulator: Emulator) -> None:
    name = f"log-{uuid.uuid4().hex[:8]}"
    dynamodb = emulator.client("dynamodb")
    attributes = [{"AttributeName": n, "AttributeType": "S"} for n in ("PK", "G")]
    index = {
        "IndexName": "GSI1",
        "KeySchema": [{"AttributeName": "G", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=attributes,
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )
    key = {"PK": {"S": "a"}}
    items = [
        {"Put": {"TableName": name, "Item": key}},
        {
            "ConditionCheck": {
                "TableName": name,
                "Key": {"PK": {"S": "b"}},
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        },
    ]
    dynamodb.transact_write_items(TransactItems=items)
    values = {":g": {"S": "x"}}
    dynamodb.query(TableName=name, IndexName="GSI1", KeyConditionExpression="G = :g", ExpressionAttributeValues=values)
    calls = emulator.calls()
    table = f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"
    actions = {(c["action"], c["resources"][0]) for c in calls if name in c["resources"][0]}
    assert {
        ("dynamodb:PutItem", table),
        ("dynamodb:ConditionCheckItem", table),
        ("dynamodb:Query", f"{table}/index/GSI1"),
    } <= actions


def test_an_assumed_role_is_recorded_with_its_session_policy(emulator: Emulator) -> None:
    role = f"run-{uuid.uuid4().hex[:8]}"
    arn = emulator.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    keys = emulator.client("sts").assume_role(RoleArn=arn, RoleSessionName="one", Policy=json.dumps(policy))
    given = keys["Credentials"]
    s3 = emulator.client(
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    s3.create_bucket(Bucket=role)
    call = with_action(emulator.calls(), "s3:CreateBucket", role)[-1]
    assert call["principal"]["roleArn"] == arn and call["principal"]["sessionPolicy"] == policy


def test_a_function_calls_as_its_role(emulator: Emulator) -> None:
    functions = Functions(emulator)
    functions.invoke({"identity": 1})
    calls = [c for c in emulator.calls() if c["principal"]["name"] == functions.name]
    assert {c["action"] for c in calls} >= {"sts:GetCallerIdentity", "logs:PutLogEvents", "logs:CreateLogStream"}
    assert {c["principal"]["roleArn"] for c in calls} == {"arn:aws:iam::000000000000:role/functions/worker"}


def test_a_state_machine_calls_as_its_role(emulator: Emulator) -> None:
    machines, functions = Machines(emulator), Functions(emulator)
    states = {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Arguments": {"Bucket": machines.bucket, "Key": "k", "Body": "x"},
            "Next": "Call",
        },
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": functions.name, "Payload": {"a": 1}},
            "Output": "{% $states.result.Payload %}",
            "End": True,
        },
    }
    assert machines.output(states) == {"a": 1}
    calls = [c for c in emulator.calls() if c["principal"]["kind"] == "states"]
    put = with_action(calls, "s3:PutObject", machines.bucket)[-1]
    assert put["resources"] == [f"arn:aws:s3:::{machines.bucket}/k"] and put["principal"]["roleArn"] == ROLE
    assert with_action(calls, "lambda:InvokeFunction", f"function:{functions.name}")


def test_a_rule_calls_its_target(emulator: Emulator) -> None:
    name = f"log-{uuid.uuid4().hex[:8]}"
    emulator.client("sqs").create_queue(QueueName=name)
    events = emulator.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}])
    events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": "{}"}])

    def sent() -> list[dict[str, Any]]:
        found = with_action(emulator.calls(), "sqs:SendMessage", name)
        return [c for c in found if c["principal"]["kind"] == "events"]

    assert wait_for(sent)[0]["principal"]["name"].endswith(f"rule/{name}")
