"""What survives `kill -9`, and what those who wait are told afterwards."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from conftest import Emulator, wait_for

ROLE = "arn:aws:iam::000000000000:role/machine"
TABLE = {
    "TableName": "records",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK")],
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "GSI1",
            "KeySchema": [{"AttributeName": "GSI1PK", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"PK": {"S": f"p{number}"}, "SK": {"S": "s"}, "GSI1PK": {"S": "g"}, **more}


def test_no_acknowledged_item_is_lost(crashing: Emulator) -> None:
    dynamodb = crashing.client("dynamodb")
    dynamodb.create_table(**TABLE)
    time.sleep(0.6)
    put = [{"PutRequest": {"Item": item(n)}} for n in range(10, 20)]
    dynamodb.batch_write_item(RequestItems={"records": put})
    for number in range(5):
        dynamodb.put_item(TableName="records", Item=item(number))
    dynamodb.delete_item(TableName="records", Key={"PK": {"S": "p10"}, "SK": {"S": "s"}})
    update = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    for _ in range(3):
        dynamodb.update_item(TableName="records", Key={"PK": {"S": "p1"}, "SK": {"S": "s"}}, **update)
    transaction = [
        {"Put": {"TableName": "records", "Item": item(30)}},
        {"Delete": {"TableName": "records", "Key": {"PK": {"S": "p11"}, "SK": {"S": "s"}}}},
    ]
    dynamodb.transact_write_items(TransactItems=transaction)
    crashing.kill()
    crashing.start()
    found = dynamodb.query(
        TableName="records",
        IndexName="GSI1",
        KeyConditionExpression="GSI1PK = :g",
        ExpressionAttributeValues={":g": {"S": "g"}},
    )["Items"]
    names = {entry["PK"]["S"] for entry in found}
    assert names == {f"p{n}" for n in [*range(5), *range(12, 20), 30]}
    assert next(entry for entry in found if entry["PK"]["S"] == "p1")["n"] == {"N": "3"}


def test_items_survive_crash_after_crash(crashing: Emulator) -> None:
    dynamodb = crashing.client("dynamodb")
    dynamodb.create_table(**TABLE)
    time.sleep(0.6)
    for number in range(4):
        dynamodb.put_item(TableName="records", Item=item(number))
        crashing.kill()
        crashing.start()
    assert dynamodb.scan(TableName="records")["Count"] == 4


def test_an_acknowledged_message_is_not_lost(crashing: Emulator) -> None:
    sqs = crashing.client("sqs")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="first")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "second"}])
    crashing.kill()
    crashing.start()
    bodies = [m["Body"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert sorted(bodies) == ["first", "second"]


def test_an_acknowledged_change_of_a_queue_is_not_lost(crashing: Emulator) -> None:
    sqs = crashing.client("sqs")
    kept = sqs.create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "7"}, tags={"a": "1"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=kept, Attributes={"DelaySeconds": "3"})
    sqs.tag_queue(QueueUrl=kept, Tags={"b": "2"})
    sqs.untag_queue(QueueUrl=kept, TagKeys=["a"])
    gone = sqs.create_queue(QueueName="gone")["QueueUrl"]
    sqs.send_message(QueueUrl=gone, MessageBody="lost with its queue")
    sqs.delete_queue(QueueUrl=gone)
    again = sqs.create_queue(QueueName="again")["QueueUrl"]
    sqs.send_message(QueueUrl=again, MessageBody="of the first")
    sqs.delete_queue(QueueUrl=again)
    assert sqs.create_queue(QueueName="again")["QueueUrl"] == again
    sqs.send_message(QueueUrl=again, MessageBody="of the second")
    crashing.kill()
    crashing.start()
    assert sorted(sqs.list_queues()["QueueUrls"]) == [again, kept]
    attributes = sqs.get_queue_attributes(QueueUrl=kept, AttributeNames=["All"])["Attributes"]
    assert (attributes["VisibilityTimeout"], attributes["DelaySeconds"]) == ("7", "3")
    assert sqs.list_queue_tags(QueueUrl=kept)["Tags"] == {"b": "2"}
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=again)["Messages"]] == ["of the second"]


def test_objects_versions_and_metadata_survive(crashing: Emulator) -> None:
    s3 = crashing.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="data", Key="a/b", Body=b"one", Metadata={"who": "me"}, ContentType="text/x")
    second = s3.put_object(Bucket="data", Key="a/b", Body=b"two", ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket="data", Key="gone", Body=b"x")
    s3.delete_object(Bucket="data", Key="gone")
    upload = s3.create_multipart_upload(Bucket="data", Key="parts")["UploadId"]
    parts = [
        {
            "PartNumber": n,
            "ETag": s3.upload_part(Bucket="data", Key="parts", UploadId=upload, PartNumber=n, Body=b)["ETag"],
        }
        for n, b in ((1, b"x" * (5 << 20)), (2, b"y"))
    ]
    s3.complete_multipart_upload(Bucket="data", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    time.sleep(0.6)
    crashing.kill()
    crashing.start()
    old = s3.get_object(Bucket="data", Key="a/b", VersionId=first["VersionId"])
    assert (old["Body"].read(), old["Metadata"], old["ContentType"]) == (b"one", {"who": "me"}, "text/x")
    assert s3.head_object(Bucket="data", Key="a/b", ChecksumMode="ENABLED")["ChecksumSHA256"]
    assert s3.get_object(Bucket="data", Key="a/b")["VersionId"] == second["VersionId"]
    versions = s3.list_object_versions(Bucket="data")
    assert len(versions["Versions"]) == 4 and [m["Key"] for m in versions["DeleteMarkers"]] == ["gone"]
    assert s3.get_object(Bucket="data", Key="parts")["ContentLength"] == (5 << 20) + 1


def test_interrupted_work_is_ended_and_announced(crashing: Emulator) -> None:
    batch, sfn, sqs = crashing.client("batch"), crashing.client("stepfunctions"), crashing.client("sqs")
    events = crashing.client("events")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    pattern = {"source": ["aws.batch", "aws.states"], "detail": {"status": ["FAILED", "ABORTED"]}}
    events.put_rule(Name="told", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="told", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:told"}])
    batch.create_job_queue(jobQueueName="line", priority=1, computeEnvironmentOrder=[])
    command = ["sh", "-c", "echo $$ > pid; while :; do sleep 0.2; done"]
    container = {"image": "any", "command": command, "memory": 1, "vcpus": 1}
    definition = batch.register_job_definition(
        jobDefinitionName="loop", type="container", containerProperties=container
    )["jobDefinitionArn"]
    arguments = {"JobName": "loop", "JobQueue": "line", "JobDefinition": definition}
    states = {
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::batch:submitJob.sync",
            "Arguments": arguments,
            "End": True,
        }
    }
    machine = sfn.create_state_machine(
        name="loop",
        roleArn=ROLE,
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Run", "States": states}),
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    waiting = None
    wait_for(lambda: batch.list_jobs(jobQueue="line", jobStatus="RUNNING")["jobSummaryList"])
    waiting = batch.submit_job(jobName="next", jobQueue="line", jobDefinition=definition)["jobId"]
    running = batch.list_jobs(jobQueue="line", jobStatus="RUNNING")["jobSummaryList"][0]["jobId"]
    pid = int(wait_for(lambda: (crashing.state / "pid").exists() and (crashing.state / "pid").read_text().strip()))
    time.sleep(1)
    crashing.kill()
    os.kill(pid, 0)
    crashing.start()
    assert not _alive(pid)
    for job_id in (running, waiting):
        job = batch.describe_jobs(jobs=[job_id])["jobs"][0]
        assert (job["status"], job["statusReason"]) == ("FAILED", "Host EC2 (instance i-local) terminated.")
    assert sfn.describe_execution(executionArn=execution)["status"] == "ABORTED"
    told: set[str] = set()

    def all_told() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            told.add(detail.get("jobId") or detail["executionArn"])
        return told == {running, waiting, execution}

    wait_for(all_told)


def test_everything_a_stack_needs_comes_back(crashing: Emulator) -> None:
    """One resource of each service, made right before the crash; a save is at most a second away."""
    crashing.client("ssm").put_parameter(Name="/a/b", Value="v", Type="String")
    crashing.client("secretsmanager").create_secret(Name="s", SecretString="one")
    crashing.client("secretsmanager").put_secret_value(SecretId="s", SecretString="two")
    pool = crashing.client("cognito-idp").create_user_pool(PoolName="p")["UserPool"]["Id"]
    crashing.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    crashing.client("logs").create_log_group(logGroupName="/g")
    key = crashing.client("kms").create_key()["KeyMetadata"]["KeyId"]
    sealed = crashing.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    time.sleep(1)
    crashing.kill()
    crashing.start()
    assert crashing.client("ssm").get_parameter(Name="/a/b")["Parameter"]["Value"] == "v"
    secrets = crashing.client("secretsmanager")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "two"
    assert secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    assert crashing.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]["Name"] == "p"
    assert crashing.client("iam").get_role(RoleName="r")
    assert crashing.client("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "/g"
    assert crashing.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_clean_stop_ends_everything_and_tells_it_at_the_next_start(crashing: Emulator) -> None:
    batch, sqs, events = crashing.client("batch"), crashing.client("sqs"), crashing.client("events")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["aws.batch"], "detail": {"status": ["FAILED"]}}))
    events.put_targets(Rule="told", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:told"}])
    batch.create_job_queue(jobQueueName="line", priority=1, computeEnvironmentOrder=[])
    container = {"image": "any", "command": ["sh", "-c", "echo $$ > pid; exec sleep 60"], "memory": 1, "vcpus": 1}
    batch.register_job_definition(jobDefinitionName="nap", type="container", containerProperties=container)
    job_id = batch.submit_job(jobName="nap", jobQueue="line", jobDefinition="nap")["jobId"]
    pid = int(wait_for(lambda: (crashing.state / "pid").exists() and (crashing.state / "pid").read_text().strip()))
    started = time.monotonic()
    crashing.stop()
    assert crashing.process is not None and crashing.process.returncode == 0
    assert time.monotonic() - started < 10 and not _alive(pid)
    crashing.start()
    assert batch.describe_jobs(jobs=[job_id])["jobs"][0]["status"] == "FAILED"
    messages = wait_for(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(messages[0]["Body"])["detail"]["jobId"] == job_id


def test_the_journal_is_cut_when_it_has_grown(crashing: Emulator) -> None:
    dynamodb = crashing.client("dynamodb")
    dynamodb.create_table(**TABLE)
    time.sleep(0.6)
    for start in range(0, 5_200, 25):
        put = [{"PutRequest": {"Item": item(n)}} for n in range(start, start + 25)]
        dynamodb.batch_write_item(RequestItems={"records": put})

    def lines() -> int:
        files = (crashing.state / "journal").glob("*.jsonl")
        return sum(len(path.read_text().splitlines()) for path in files)

    wait_for(lambda: lines() < 1_000)
    dynamodb.put_item(TableName="records", Item=item(9_999))
    crashing.kill()
    crashing.start()
    assert dynamodb.describe_table(TableName="records")["Table"]["ItemCount"] == 5_201
