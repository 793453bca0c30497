"""CloudFormation types this package adds: created, updated and removed with their stack."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest

from conftest import Emulator, wait_for


class Stacks:
    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("cloudformation")
        self.name = f"stack-{uuid.uuid4().hex[:8]}"

    def _settled(self) -> str:
        stacks = self.client.describe_stacks(StackName=self.name)["Stacks"]
        status = str(stacks[0]["StackStatus"])
        return "" if status.endswith("_IN_PROGRESS") else status

    def apply(self, resources: dict[str, Any], outputs: dict[str, Any], *, update: bool = False) -> dict[str, str]:
        template = json.dumps({"Resources": resources, "Outputs": {k: {"Value": v} for k, v in outputs.items()}})
        call = self.client.update_stack if update else self.client.create_stack
        call(StackName=self.name, TemplateBody=template)
        assert wait_for(self._settled) in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        found = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        return {entry["OutputKey"]: entry["OutputValue"] for entry in found}

    def delete(self) -> None:
        self.client.delete_stack(StackName=self.name)
        wait_for(lambda: not [s for s in self.client.list_stacks()["StackSummaries"] if self._alive(s)])

    def _alive(self, summary: dict[str, Any]) -> bool:
        return bool(summary["StackName"] == self.name and summary["StackStatus"] != "DELETE_COMPLETE")


@pytest.fixture
def stacks(emulator: Emulator) -> Stacks:
    return Stacks(emulator)


def batch_resources(command: str, priority: int) -> dict[str, Any]:
    return {
        "Ce": {"Type": "AWS::Batch::ComputeEnvironment", "Properties": {"Type": "MANAGED", "State": "ENABLED"}},
        "Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "Priority": priority,
                "ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": {"Ref": "Ce"}}],
            },
        },
        "Job": {
            "Type": "AWS::Batch::JobDefinition",
            "Properties": {
                "Type": "container",
                "Parameters": {"MyName": "kept"},
                "RetryStrategy": {"Attempts": 2, "EvaluateOnExit": [{"Action": "EXIT", "OnReason": "*"}]},
                "Timeout": {"AttemptDurationSeconds": 99},
                "ContainerProperties": {
                    "Image": "x:1",
                    "Command": [command],
                    "ResourceRequirements": [{"Type": "GPU", "Value": "1"}],
                },
            },
        },
    }


def test_batch_resources_live_and_die_with_their_stack(emulator: Emulator, stacks: Stacks) -> None:
    batch = emulator.client("batch")
    outputs = {"Queue": {"Ref": "Queue"}, "Job": {"Ref": "Job"}, "Ce": {"Ref": "Ce"}}
    made = stacks.apply(batch_resources("one", 1), outputs)
    definition = batch.describe_job_definitions(jobDefinitions=[made["Job"]])["jobDefinitions"][0]
    assert definition["parameters"] == {"MyName": "kept"} and definition["timeout"] == {"attemptDurationSeconds": 99}
    assert definition["retryStrategy"]["evaluateOnExit"] == [{"action": "EXIT", "onReason": "*"}]
    assert definition["containerProperties"]["resourceRequirements"] == [{"type": "GPU", "value": "1"}]

    changed = stacks.apply(batch_resources("two", 5), outputs, update=True)
    assert changed["Queue"] == made["Queue"] and changed["Job"] != made["Job"]
    assert batch.describe_job_queues(jobQueues=[made["Queue"]])["jobQueues"][0]["priority"] == 5
    statuses = {
        arn: batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]["status"]
        for arn in (made["Job"], changed["Job"])
    }
    assert statuses == {made["Job"]: "INACTIVE", changed["Job"]: "ACTIVE"}

    stacks.delete()
    assert batch.describe_job_queues(jobQueues=[made["Queue"]])["jobQueues"] == []
    name = made["Ce"].rsplit("/", 1)[1]
    assert batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"] == []
    status = batch.describe_job_definitions(jobDefinitions=[changed["Job"]])["jobDefinitions"][0]["status"]
    assert status == "INACTIVE"


def test_recorded_types_deploy_update_and_delete(stacks: Stacks) -> None:
    def resources(query: str) -> dict[str, Any]:
        metric = {"Namespace": "N", "MetricName": "M"}
        return {
            "Query": {"Type": "AWS::Logs::QueryDefinition", "Properties": {"Name": "q", "QueryString": query}},
            "Budget": {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": {"BudgetType": "COST"}}},
            "Any": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": "ALARM(a)"}},
            "Math": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "ComparisonOperator": "GreaterThanThreshold",
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "Metrics": [{"Id": "e", "Expression": "m*2"}, {"Id": "m", "MetricStat": {"Metric": metric}}],
                },
            },
        }

    outputs = {"Query": {"Ref": "Query"}, "Alarm": {"Fn::GetAtt": ["Any", "Arn"]}}
    first = stacks.apply(resources("fields @message"), outputs)
    assert ":alarm:" in first["Alarm"]
    assert stacks.apply(resources("fields @timestamp"), outputs, update=True) == first
    stacks.delete()


def test_bucket_tags_follow_the_template(emulator: Emulator, stacks: Stacks) -> None:
    def resources(value: str) -> dict[str, Any]:
        return {"B": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "k", "Value": value}]}}}

    s3 = emulator.client("s3")
    bucket = stacks.apply(resources("one"), {"B": {"Ref": "B"}})["B"]
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "k", "Value": "one"}]
    stacks.apply(resources("two"), {"B": {"Ref": "B"}}, update=True)
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "k", "Value": "two"}]
    stacks.delete()


def test_a_custom_resource_can_deploy_assets_with_the_aws_cli(emulator: Emulator) -> None:
    """The commands the CDK's BucketDeployment runs, from a Python function that has no AWS CLI."""
    s3 = emulator.client("s3")
    name = f"site-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="source.txt", Body=b"new")
    for key in ("www/old.txt", "www/keep.me", "other"):
        s3.put_object(Bucket=name, Key=key, Body=b"old")
    code = f"""
import os, subprocess, tempfile
def handler(event, context):
    work = tempfile.mkdtemp()
    aws = "/opt/awscli/aws"
    subprocess.check_call([aws, "s3", "cp", "s3://{name}/source.txt", work + "/a.html"])
    os.mkdir(work + "/sub")
    open(work + "/sub/b.wasm", "w").write("w")
    subprocess.check_call([aws, "s3", "sync", "--delete", "--exclude", "*.me", work, "s3://{name}/www",
                           "--cache-control", "no-cache", "--metadata-directive", "REPLACE"])
    return subprocess.check_call(["true"])
"""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.py", code)
    client = emulator.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/deploy",
        Timeout=30,
        Code={"ZipFile": packed.getvalue()},
    )
    answer = client.invoke(FunctionName=name)
    assert answer["Payload"].read() == b"0"
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=name)["Contents"]]
    assert keys == ["other", "source.txt", "www/a.html", "www/keep.me", "www/sub/b.wasm"]
    page = s3.get_object(Bucket=name, Key="www/a.html")
    assert (page["Body"].read(), page["ContentType"], page["CacheControl"]) == (b"new", "text/html", "no-cache")
    assert s3.head_object(Bucket=name, Key="www/sub/b.wasm")["ContentType"] == "application/wasm"
