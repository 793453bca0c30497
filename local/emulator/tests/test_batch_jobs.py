"""Batch jobs as host processes, through the AWS API."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import Any

import pytest

from conftest import Emulator, wait_for

JOB_ROLE = "arn:aws:iam::000000000000:role/job"


class BatchStand:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.batch = emulator.client("batch")
        self.sqs = emulator.client("sqs")
        name = uuid.uuid4().hex[:8]
        self.queue = f"queue-{name}"
        self.batch.create_job_queue(jobQueueName=self.queue, priority=1, computeEnvironmentOrder=[])
        self.events_url = self.sqs.create_queue(QueueName=f"events-{name}")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:000000000000:events-{name}"
        events = emulator.client("events")
        pattern = {"source": ["aws.batch"], "detail": {"jobQueue": [{"suffix": self.queue}]}}
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])

    def define(self, command: list[str], **extra: Any) -> str:
        container = {"image": "any", "command": command, "jobRoleArn": JOB_ROLE, "memory": 1, "vcpus": 1}
        container.update(extra.pop("container", {}))
        name = f"job-{uuid.uuid4().hex[:8]}"
        answer = self.batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **extra
        )
        return str(answer["jobDefinitionArn"])

    def submit(self, definition: str, **extra: Any) -> str:
        answer = self.batch.submit_job(jobName="job", jobQueue=self.queue, jobDefinition=definition, **extra)
        return str(answer["jobId"])

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.batch.describe_jobs(jobs=[job_id])["jobs"][0])

    def ended(self, job_id: str, seconds: float = 30) -> dict[str, Any]:
        return dict(wait_for(lambda: (j := self.job(job_id))["status"] in ("SUCCEEDED", "FAILED") and j, seconds))

    def run(self, definition: str, **extra: Any) -> dict[str, Any]:
        return self.ended(self.submit(definition, **extra))

    def output(self, job_id: str) -> list[str]:
        stream = self.job(job_id)["container"].get("logStreamName")
        if not stream:
            return []
        logs = self.emulator.client("logs")
        found = logs.filter_log_events(logGroupName="/aws/batch/job", logStreamNames=[stream])
        return [event["message"] for event in found["events"]]

    def statuses(self, job_id: str) -> list[str]:
        seen: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.events_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.events_url, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                assert event["detail-type"] == "Batch Job State Change"
                if event["detail"]["jobId"] == job_id:
                    seen.append(event["detail"]["status"])
        return seen


@pytest.fixture(scope="module")
def stand(emulator: Emulator) -> BatchStand:
    return BatchStand(emulator)


def test_parameters_environment_and_identity_reach_the_command(stand: BatchStand) -> None:
    shell = "echo $0 $1 $COLOUR $SHAPE $AWS_BATCH_JOB_ATTEMPT $AWS_BATCH_JQ_NAME $AWS_ACCESS_KEY_ID $AWS_ENDPOINT_URL"
    definition = stand.define(
        ["sh", "-c", shell, "Ref::epochs", "Ref::unknown"],
        parameters={"epochs": "3"},
        container={"environment": [{"name": "COLOUR", "value": "red"}, {"name": "SHAPE", "value": "round"}]},
    )
    overrides = {"environment": [{"name": "SHAPE", "value": "flat"}]}
    job = stand.run(definition, parameters={"epochs": "7"}, containerOverrides=overrides)
    assert job["status"] == "SUCCEEDED" and job["container"]["exitCode"] == 0
    stream = job["container"]["logStreamName"]
    found = stand.emulator.client("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)
    words = found["events"][0]["message"].split()
    assert words[:6] == ["7", "Ref::unknown", "red", "flat", "1", stand.queue]
    assert words[6].startswith("LKIA") and words[7] == stand.emulator.endpoint


def test_each_transition_is_an_event(stand: BatchStand) -> None:
    job = stand.run(stand.define(["true"]))
    assert stand.statuses(job["jobId"]) == ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


def test_exit_code_and_reason_of_a_failure(stand: BatchStand) -> None:
    job = stand.run(stand.define(["sh", "-c", "exit 3"]))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 3)
    assert job["statusReason"] == "Essential container in task exited"
    assert [a["container"]["exitCode"] for a in job["attempts"]] == [3]


def test_a_command_that_does_not_exist(stand: BatchStand) -> None:
    job = stand.run(stand.define(["no-such-program-here"]))
    assert job["status"] == "FAILED"
    assert job["container"]["reason"].startswith("CannotStartContainerError")


def test_attempts_until_one_succeeds(stand: BatchStand) -> None:
    definition = stand.define(["sh", "-c", "test $AWS_BATCH_JOB_ATTEMPT = 3"], retryStrategy={"attempts": 5})
    job = stand.run(definition)
    assert job["status"] == "SUCCEEDED"
    assert [a["container"]["exitCode"] for a in job["attempts"]] == [1, 1, 0]
    assert len({a["container"]["logStreamName"] for a in job["attempts"]}) == 3
    assert all(a["startedAt"] <= a["stoppedAt"] for a in job["attempts"])


@pytest.mark.parametrize(("code", "attempts"), [("7", 3), ("8", 1)])
def test_rules_decide_which_exit_codes_are_retried(stand: BatchStand, code: str, attempts: int) -> None:
    rules = [{"onExitCode": "7", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    definition = stand.define(["sh", "-c", f"exit {code}"], retryStrategy={"attempts": 3, "evaluateOnExit": rules})
    assert len(stand.run(definition)["attempts"]) == attempts


def test_an_attempt_that_takes_too_long_is_ended_and_not_repeated(stand: BatchStand) -> None:
    definition = stand.define(["sleep", "60"], timeout={"attemptDurationSeconds": 1}, retryStrategy={"attempts": 3})
    job = stand.run(definition)
    assert job["status"] == "FAILED" and len(job["attempts"]) == 1
    assert job["statusReason"] == "Job attempt duration exceeded timeout"
    assert job["container"]["exitCode"] == 143


def test_terminate_sends_sigterm_first(stand: BatchStand) -> None:
    script = "trap 'echo saved; exit 9' TERM; echo ready; while :; do sleep 0.1; done"
    job_id = stand.submit(stand.define(["sh", "-c", script]))
    wait_for(lambda: stand.output(job_id) == ["ready"])
    stand.batch.terminate_job(jobId=job_id, reason="enough")
    job = stand.ended(job_id)
    assert (job["status"], job["statusReason"], job["container"]["exitCode"]) == ("FAILED", "enough", 9)
    assert stand.output(job_id) == ["ready", "saved"]


def test_terminate_kills_what_ignores_sigterm(stand: BatchStand) -> None:
    job_id = stand.submit(stand.define(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]))
    wait_for(lambda: stand.output(job_id) == ["ready"])
    stand.batch.terminate_job(jobId=job_id, reason="enough")
    assert stand.ended(job_id)["container"]["exitCode"] == 137


def test_cancel_ends_a_waiting_job_and_leaves_a_running_one(stand: BatchStand) -> None:
    running = stand.submit(stand.define(["sleep", "3"]))
    wait_for(lambda: stand.job(running)["status"] == "RUNNING")
    waiting = stand.submit(stand.define(["true"]))
    wait_for(lambda: stand.job(waiting)["status"] == "RUNNABLE")
    stand.batch.cancel_job(jobId=waiting, reason="not needed")
    stand.batch.cancel_job(jobId=running, reason="not needed")
    ended = stand.ended(waiting)
    assert (ended["status"], ended["statusReason"], ended["attempts"]) == ("FAILED", "not needed", [])
    assert stand.ended(running)["status"] == "SUCCEEDED"


def test_output_can_be_followed_while_the_job_runs(stand: BatchStand) -> None:
    job_id = stand.submit(stand.define(["sh", "-c", "echo one; sleep 4; echo two"]))
    wait_for(lambda: stand.output(job_id) == ["one"], 3)
    assert stand.job(job_id)["status"] == "RUNNING"
    stand.ended(job_id)
    assert stand.output(job_id) == ["one", "two"]


def test_list_jobs_by_status_and_name(stand: BatchStand) -> None:
    job = stand.run(stand.define(["true"]))
    succeeded = stand.batch.list_jobs(jobQueue=stand.queue, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert job["jobId"] in [j["jobId"] for j in succeeded]
    assert job["jobId"] not in [j["jobId"] for j in stand.batch.list_jobs(jobQueue=stand.queue)["jobSummaryList"]]


def test_a_job_without_its_queue_or_definition_is_refused(stand: BatchStand) -> None:
    with pytest.raises(stand.batch.exceptions.ClientException, match="JobDefinition"):
        stand.submit("no-such-definition")
    with pytest.raises(stand.batch.exceptions.ClientException, match="JobQueue"):
        stand.batch.submit_job(jobName="a", jobQueue="none", jobDefinition=stand.define(["true"]))


def test_a_job_waits_for_the_jobs_it_depends_on(stand: BatchStand) -> None:
    first = stand.submit(stand.define(["sh", "-c", "exit 1"]))
    second = stand.submit(stand.define(["true"]), dependsOn=[{"jobId": first}])
    assert stand.ended(second)["statusReason"] == "Dependent Job failed"


def test_a_reclaimed_host_is_retried_by_its_rule(stand: BatchStand) -> None:
    rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    script = "test $AWS_BATCH_JOB_ATTEMPT = 2 && exit 0; while :; do sleep 0.1; done"
    definition = stand.define(["sh", "-c", script], retryStrategy={"attempts": 3, "evaluateOnExit": rules})
    job_id = stand.submit(definition)
    wait_for(lambda: stand.job(job_id)["status"] == "RUNNING")
    url = f"{stand.emulator.endpoint}/_contourflow/batch/reclaim/{job_id}"
    assert urllib.request.urlopen(urllib.request.Request(url, method="POST")).status == 202
    job = stand.ended(job_id)
    assert job["status"] == "SUCCEEDED"
    assert [a["statusReason"] for a in job["attempts"]] == [
        "Host EC2 (instance i-local) terminated.",
        "Essential container in task exited",
    ]
