"""State machines: the integrations and rules this package adds, run through the AWS API."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from conftest import Emulator, wait_for

ROLE = "arn:aws:iam::000000000000:role/machine"


class Machines:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.sfn = emulator.client("stepfunctions")
        self.s3 = emulator.client("s3")
        self.bucket = f"states-{uuid.uuid4().hex[:8]}"
        self.s3.create_bucket(Bucket=self.bucket)

    def create(self, start: str, states: dict[str, Any], **extra: Any) -> str:
        definition = {"QueryLanguage": "JSONata", "StartAt": start, "States": states, **extra}
        name = f"machine-{uuid.uuid4().hex[:8]}"
        answer = self.sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        return str(answer["stateMachineArn"])

    def start(self, machine: str, data: Any = None, **extra: Any) -> str:
        started = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(data or {}), **extra)
        return str(started["executionArn"])

    def ended(self, arn: str, seconds: float = 20) -> dict[str, Any]:
        def look() -> Any:
            found = self.sfn.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return dict(wait_for(look, seconds))

    def run(self, states: dict[str, Any], data: Any = None, **extra: Any) -> dict[str, Any]:
        return self.ended(self.start(self.create(next(iter(states)), states, **extra), data))

    def output(self, states: dict[str, Any], data: Any = None) -> Any:
        done = self.run(states, data)
        assert done["status"] == "SUCCEEDED", done
        return json.loads(done["output"])


@pytest.fixture(scope="module")
def machines(emulator: Emulator) -> Machines:
    return Machines(emulator)


@pytest.fixture(scope="module")
def job(emulator: Emulator) -> dict[str, str]:
    batch = emulator.client("batch")
    name = f"sfn-{uuid.uuid4().hex[:8]}"
    queue = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=[])["jobQueueArn"]
    container = {"image": "any", "command": ["sh", "-c", "$0", "Ref::script"], "memory": 1, "vcpus": 1}
    definition = batch.register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=container, parameters={"script": "true"}
    )
    return {"queue": queue, "definition": definition["jobDefinitionArn"]}


def submit_job(job: dict[str, str], command: list[str], **state: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Arguments": {
            "JobName": "{% 'run-' & $states.input.id %}",
            "JobQueue": job["queue"],
            "JobDefinition": job["definition"],
            "ContainerOverrides": {"Command": command, "Environment": [{"Name": "WHO", "Value": "me"}]},
            "Tags": {"lowerCase": "kept"},
        },
        "End": True,
        **state,
    }


def test_a_job_that_succeeds_answers_with_its_detail(machines: Machines, job: dict[str, str]) -> None:
    state = submit_job(job, ["sh", "-c", "test $WHO = me && test $MANAGED_BY_AWS = STARTED_BY_STEP_FUNCTIONS"])
    detail = machines.output({"Run": state}, {"id": "7"})
    assert detail["JobName"] == "run-7" and detail["Status"] == "SUCCEEDED"
    assert detail["Container"]["ExitCode"] == 0 and detail["Tags"] == {"lowerCase": "kept"}


def test_a_job_that_fails_is_caught_with_its_detail_as_cause(machines: Machines, job: dict[str, str]) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Report", "Output": "{% $states.errorOutput %}"}]
    states = {
        "Run": submit_job(job, ["sh", "-c", "exit 3"], Catch=catch),
        "Report": {"Type": "Pass", "Output": "{% $parse($states.input.Cause).Container.ExitCode %}", "End": True},
    }
    assert machines.output(states, {"id": "1"}) == 3


def test_stopping_an_execution_ends_its_job(machines: Machines, job: dict[str, str]) -> None:
    batch = machines.emulator.client("batch")
    execution = machines.start(machines.create("Run", {"Run": submit_job(job, ["sleep", "60"])}), {"id": "stop"})

    def running() -> Any:
        found = batch.list_jobs(jobQueue=job["queue"], jobStatus="RUNNING")["jobSummaryList"]
        return next((j["jobId"] for j in found if j["jobName"] == "run-stop"), None)

    job_id = wait_for(running)
    machines.sfn.stop_execution(executionArn=execution, cause="enough")
    ended = wait_for(lambda: (j := batch.describe_jobs(jobs=[job_id])["jobs"][0])["status"] == "FAILED" and j)
    assert ended["isTerminated"]
    time.sleep(0.5)
    assert machines.sfn.describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_a_task_time_limit_ends_its_job(machines: Machines, job: dict[str, str]) -> None:
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]
    states = {
        "Run": submit_job(job, ["sleep", "60"], TimeoutSeconds=1, Catch=catch),
        "Late": {"Type": "Pass", "Output": "late", "End": True},
    }
    assert machines.output(states, {"id": "late"}) == "late"
    batch = machines.emulator.client("batch")
    wait_for(lambda: not batch.list_jobs(jobQueue=job["queue"], jobStatus="RUNNING")["jobSummaryList"])


def test_a_machine_time_limit(machines: Machines) -> None:
    done = machines.run({"Wait": {"Type": "Wait", "Seconds": 5, "End": True}}, TimeoutSeconds=1)
    assert (done["status"], done["error"]) == ("TIMED_OUT", "States.Timeout")
    time.sleep(5)
    assert machines.sfn.describe_execution(executionArn=done["executionArn"])["status"] == "TIMED_OUT"


def test_each_status_of_an_execution_is_an_event(machines: Machines) -> None:
    sqs, events = machines.emulator.client("sqs"), machines.emulator.client("events")
    name = f"status-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    ok = machines.create("Go", {"Go": {"Type": "Pass", "End": True}})
    bad = machines.create("Go", {"Go": {"Type": "Fail", "Error": "Bad"}})
    late = machines.create("Go", {"Go": {"Type": "Wait", "Seconds": 9, "End": True}}, TimeoutSeconds=1)
    slow = machines.create("Go", {"Go": {"Type": "Wait", "Seconds": 9, "End": True}})
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [ok, bad, late, slow]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}])
    arns = [machines.start(machine) for machine in (ok, bad, late, slow)]
    machines.sfn.stop_execution(executionArn=arns[3])
    seen: set[tuple[str, str]] = set()
    wanted = {
        *((arn, "RUNNING") for arn in arns),
        (arns[0], "SUCCEEDED"),
        (arns[1], "FAILED"),
        (arns[2], "TIMED_OUT"),
        (arns[3], "ABORTED"),
    }

    def all_seen() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            assert event["detail-type"] == "Step Functions Execution Status Change"
            seen.add((event["detail"]["executionArn"], event["detail"]["status"]))
        return seen == wanted

    wait_for(all_seen)


def test_the_same_start_twice_is_one_execution(machines: Machines) -> None:
    machine = machines.create("Wait", {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}})
    first = machines.start(machine, {"a": 1}, name="once")
    assert machines.start(machine, {"a": 1}, name="once") == first
    with pytest.raises(machines.sfn.exceptions.ExecutionAlreadyExists):
        machines.start(machine, {"a": 2}, name="once")
    machines.ended(first)
    with pytest.raises(machines.sfn.exceptions.ExecutionAlreadyExists):
        machines.start(machine, {"a": 1}, name="once")


def test_s3_put_get_and_missing_key(machines: Machines) -> None:
    place = {"Bucket": machines.bucket, "Key": "a folder/ünï %41+b.json"}
    catch = [{"ErrorEquals": ["S3.NoSuchKeyException"], "Next": "Missing"}]
    states = {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Arguments": {**place, "Body": {"x": "{% $states.input.x %}"}, "ContentType": "application/json"},
            "Next": "Get",
        },
        "Get": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Arguments": place,
            "Assign": {"body": "{% $parse($states.result.Body) %}"},
            "Next": "GetOther",
        },
        "GetOther": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Arguments": {**place, "Key": "none"},
            "Catch": catch,
            "End": True,
        },
        "Missing": {"Type": "Pass", "Output": "{% $body %}", "End": True},
    }
    assert machines.output(states, {"x": 5}) == {"x": 5}
    stored = machines.s3.get_object(**place)
    assert json.loads(stored["Body"].read()) == {"x": 5} and stored["ContentType"] == "application/json"


def test_a_conditional_put_that_loses_has_its_name(machines: Machines) -> None:
    machines.s3.put_object(Bucket=machines.bucket, Key="there", Body=b"1")
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
        "Arguments": {"Bucket": machines.bucket, "Key": "there", "Body": "2", "IfNoneMatch": "*"},
        "End": True,
    }
    done = machines.run({"Put": put})
    assert (done["status"], done["error"]) == ("FAILED", "S3.PreconditionFailedException")


def double() -> dict[str, Any]:
    return {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "End": True}


def distributed(**extra: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Go"}
    return {"Type": "Map", "ItemProcessor": {**processor, "States": {"Go": double()}}, "End": True, **extra}


def test_distributed_map_in_jsonata(machines: Machines) -> None:
    state = distributed(
        Items="{% $states.input.items %}",
        ItemSelector={"n": "{% $states.context.Map.Item.Value + $states.input.add %}"},
        MaxConcurrency=2,
        Output="{% $sum($states.result) %}",
    )
    assert machines.output({"Each": state}, {"items": [1, 2, 3], "add": 10}) == 72


def test_distributed_map_batches_items_from_s3_and_writes_results(machines: Machines) -> None:
    machines.s3.put_object(Bucket=machines.bucket, Key="rows.json", Body=json.dumps([{"i": i} for i in range(5)]))
    state = distributed(
        ItemReader={
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Arguments": {"Bucket": machines.bucket, "Key": "{% $states.input.key %}"},
        },
        ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"who": "{% $states.input.who %}"}},
        ResultWriter={
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": machines.bucket, "Prefix": "{% 'results/' & $states.input.who %}"},
        },
    )
    state["ItemProcessor"]["States"]["Go"]["Output"] = "{% $states.input %}"
    result = machines.output({"Each": state}, {"key": "rows.json", "who": "me"})
    place = result["ResultWriterDetails"]
    manifest = json.loads(machines.s3.get_object(**place)["Body"].read())
    assert place["Key"].startswith("results/me/") and manifest["MapRunArn"] == result["MapRunArn"]
    file = manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]
    rows = json.loads(machines.s3.get_object(Bucket=machines.bucket, Key=file)["Body"].read())
    batches = sorted((json.loads(row["Output"]) for row in rows), key=lambda b: b["Items"][0]["i"])
    assert [len(b["Items"]) for b in batches] == [2, 2, 1] and batches[0]["BatchInput"] == {"who": "me"}


def test_distributed_map_fails_above_its_tolerance(machines: Machines) -> None:
    state = distributed(Items="{% $states.input %}", ToleratedFailurePercentage=40)
    check = {"Condition": "{% $states.input > 2 %}", "Next": "Bad"}
    state["ItemProcessor"].update(
        StartAt="Check",
        States={
            "Check": {"Type": "Choice", "Choices": [check], "Default": "Good"},
            "Bad": {"Type": "Fail", "Error": "TooBig"},
            "Good": {"Type": "Succeed"},
        },
    )
    assert machines.run({"Each": state}, [1, 2, 3])["status"] == "SUCCEEDED"
    done = machines.run({"Each": state}, [1, 3, 4])
    assert done["error"] == "States.ExceedToleratedFailureThreshold"


def test_jsonata_parallel_has_arguments_output_assign_and_own_variables(machines: Machines) -> None:
    def branch(name: str, wait: int) -> dict[str, Any]:
        states = {
            "Set": {"Type": "Pass", "Assign": {"mine": name}, "Next": "Wait"},
            "Wait": {"Type": "Wait", "Seconds": wait, "Next": "Get"},
            "Get": {"Type": "Pass", "Output": "{% $mine & $string($states.input.k) & $shared %}", "End": True},
        }
        return {"StartAt": "Set", "States": states}

    states = {
        "First": {"Type": "Pass", "Assign": {"shared": "!"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [branch("a", 1), branch("b", 0)],
            "Arguments": {"k": "{% $states.input.k + 1 %}"},
            "Output": {"joined": "{% $join($states.result, ',') %}"},
            "Assign": {"count": "{% $count($states.result) %}"},
            "Next": "Last",
        },
        "Last": {"Type": "Pass", "Output": "{% [$states.input.joined, $count] %}", "End": True},
    }
    assert machines.output(states, {"k": 1}) == ["a2!,b2!", 2]


def test_inline_map_choice_and_assign_in_jsonata(machines: Machines) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.n > 1 %}", "Assign": {"big": True}, "Next": "Out"}],
        "Default": "Out",
        "Assign": {"big": False},
    }
    out = {"Type": "Pass", "Output": "{% {'n': $states.input.n, 'big': $big} %}", "End": True}
    state = {
        "Type": "Map",
        "Items": "{% $states.input.items %}",
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value %}"},
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "Check", "States": {"Check": choice, "Out": out}},
        "End": True,
    }
    assert machines.output({"Each": state}, {"items": [1, 2]}) == [{"n": 1, "big": False}, {"n": 2, "big": True}]


def test_a_nested_execution_answers_and_fails_as_itself(machines: Machines) -> None:
    child = machines.create("Go", {"Go": {"Type": "Pass", "Output": {"y": "{% $states.input.x %}"}, "End": True}})
    bad = machines.create("Go", {"Go": {"Type": "Fail", "Error": "Bad", "Cause": "no"}})

    def start(machine: str, **extra: Any) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": machine, "Input": {"x": 4}},
            "End": True,
            **extra,
        }

    assert machines.output({"Run": start(child, Output="{% $states.result.Output.y %}")}) == 4
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Output": "{% $parse($states.errorOutput.Cause).Error %}"}]
    catch[0]["Next"] = "Out"
    assert machines.output({"Run": start(bad, Catch=catch), "Out": {"Type": "Succeed"}}) == "Bad"
