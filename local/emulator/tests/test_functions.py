"""Functions: error names, credentials, environment, bounded workers, dead letters and redrive."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import EMULATOR, Emulator, wait_for

ROLE = "arn:aws:iam::000000000000:role/functions/worker"
CODE = """
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
let live = 0;
export const handler = async (event) => {
  if (event.fail) { const e = new Error('no ' + event.fail); e.name = event.fail; throw e; }
  if (event.identity) return (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn;
  if (event.environment) return process.env;
  if (event.sleep) { await new Promise((ok) => setTimeout(ok, event.sleep)); return process.pid; }
  const poison = (event.Records ?? []).filter((record) => record.body === 'poison');
  if (event.Records) return { batchItemFailures: poison.map((r) => ({ itemIdentifier: r.messageId })) };
  return event;
};
export const throwing = () => { const e = new Error('at once'); e.name = 'Sync'; throw e; };
"""


def archive(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.mjs", code)
    return packed.getvalue()


class Functions:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.client = emulator.client("lambda")
        self.name = self.create("index.handler", {"LOG_LEVEL": "DEBUG", "MINE": "1"})

    def create(self, handler: str, environment: dict[str, str] | None = None) -> str:
        name = f"fn-{uuid.uuid4().hex[:8]}"
        self.client.create_function(
            FunctionName=name,
            Runtime="nodejs24.x",
            Handler=handler,
            Role=ROLE,
            Timeout=30,
            Code={"ZipFile": archive(CODE)},
            Environment={"Variables": environment or {}},
        )
        return name

    def invoke(self, event: dict[str, Any], name: str | None = None) -> Any:
        answer = self.emulator.client("lambda").invoke(FunctionName=name or self.name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def functions(emulator: Emulator) -> Functions:
    return Functions(emulator)


def test_an_error_keeps_its_name(functions: Functions) -> None:
    answer = functions.invoke({"fail": "IrregularSpacing"})
    assert (answer["errorType"], answer["errorMessage"]) == ("IrregularSpacing", "no IrregularSpacing")


def test_an_error_thrown_synchronously_keeps_its_name(functions: Functions) -> None:
    answer = functions.invoke({}, functions.create("index.throwing"))
    assert (answer["errorType"], answer["errorMessage"]) == ("Sync", "at once")


def test_a_function_has_its_own_identity_and_the_sdk(functions: Functions) -> None:
    assert functions.invoke({"identity": 1}) == f"arn:aws:sts::000000000000:assumed-role/worker/{functions.name}"


def test_a_function_sees_its_own_variables_and_none_of_the_server(functions: Functions) -> None:
    environment = functions.invoke({"environment": 1})
    assert environment["LOG_LEVEL"] == "DEBUG" and environment["MINE"] == "1"
    assert environment["AWS_ENDPOINT_URL"] == functions.emulator.endpoint
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == functions.name
    assert environment["AWS_ACCESS_KEY_ID"].startswith("LKIA")
    assert not {"STATE_DIR", "GATEWAY_PORT", "CONTOURFLOW_STATE_DIR", "DOCKER_HOST"} & set(environment)


def test_many_parallel_invocations_share_a_few_workers(functions: Functions) -> None:
    with ThreadPoolExecutor(60) as pool:
        pids = list(pool.map(lambda _: functions.invoke({"sleep": 20}), range(60)))
    assert all(isinstance(pid, int) for pid in pids)
    assert len(set(pids)) <= 4


def test_poison_goes_to_the_dead_letter_queue_and_back(functions: Functions) -> None:
    sqs = functions.emulator.client("sqs")
    dead = f"dead-{uuid.uuid4().hex[:8]}"
    dead_url = sqs.create_queue(QueueName=dead)["QueueUrl"]
    dead_arn = f"arn:aws:sqs:us-east-1:000000000000:{dead}"
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url = sqs.create_queue(QueueName=f"work-{dead}", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "1"})[
        "QueueUrl"
    ]
    source = f"arn:aws:sqs:us-east-1:000000000000:work-{dead}"
    mapping = functions.client.create_event_source_mapping(
        EventSourceArn=source,
        FunctionName=functions.name,
        BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
    )["UUID"]
    sqs.send_message(QueueUrl=url, MessageBody="good")
    sqs.send_message(QueueUrl=url, MessageBody="poison")

    def waiting(queue: str) -> int:
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    wait_for(lambda: waiting(dead_url) == 1)
    functions.client.delete_event_source_mapping(UUID=mapping)
    time.sleep(1)
    sqs.start_message_move_task(SourceArn=dead_arn)
    assert sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"][0]["Status"] == "COMPLETED"
    assert (waiting(dead_url), waiting(url)) == (0, 1)


_REAP = """
import os, sys, tempfile, time
sys.path.insert(0, {root!r})
from contourflow_emulator.settings import apply_environment, read_settings
settings = read_settings({{"CONTOURFLOW_STATE_DIR": tempfile.mkdtemp(dir={scratch!r})}})
apply_environment(settings)
from contourflow_emulator.wrapper import install
install(settings)
from contourflow_emulator.lambda_workers import reap_idle_workers
from ministack.core import lambda_runtime
class Worker:
    def __init__(self, in_use, idle): self.in_use, self.last_used, self.ended = in_use, time.time() - idle, False
busy, idle, fresh = Worker(True, 900), Worker(False, 900), Worker(False, 1)
lambda_runtime._workers["f"] = [idle, busy, fresh]
lambda_runtime.kill_workers = lambda workers: [setattr(w, "ended", True) for w in workers]
print(reap_idle_workers(), idle.ended, busy.ended, fresh.ended, len(lambda_runtime._workers["f"]))
sys.stdout.flush()
os._exit(0)
"""


def test_idle_workers_end_and_busy_ones_do_not(tmp_path: Path) -> None:
    program = _REAP.format(root=str(EMULATOR), scratch=str(tmp_path))
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.split() == ["1", "True", "False", "False", "2"]


def test_a_machine_catches_a_function_error_by_its_name(functions: Functions) -> None:
    sfn = functions.emulator.client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": functions.name, "Payload": "{% $states.input %}"},
        "Retry": [{"ErrorEquals": ["Other"], "IntervalSeconds": 30}],
        "Catch": [
            {
                "ErrorEquals": ["IrregularSpacing"],
                "Assign": {"why": "{% $parse($states.errorOutput.Cause).errorMessage %}"},
                "Next": "Caught",
            }
        ],
        "End": True,
    }
    states = {"Call": task, "Caught": {"Type": "Pass", "Output": "{% $why %}", "End": True}}
    machine = sfn.create_state_machine(
        name=f"catch-{functions.name}",
        roleArn=ROLE,
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Call", "States": states}),
    )["stateMachineArn"]
    arn = sfn.start_execution(stateMachineArn=machine, input=json.dumps({"fail": "IrregularSpacing"}))["executionArn"]
    done = wait_for(lambda: (d := sfn.describe_execution(executionArn=arn))["status"] != "RUNNING" and d)
    assert (done["status"], json.loads(done["output"])) == ("SUCCEEDED", "no IrregularSpacing")


def test_workers_are_commonjs_even_below_a_folder_of_es_modules(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    offer = "import sys, pathlib; from contourflow_emulator.lambda_workers import offer_runtime_packages as offer; "
    program = offer + "offer(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, str(scratch)], cwd=EMULATOR, check=True)
    worker = scratch / "worker.js"
    worker.write_text("process.stdout.write(typeof require)", encoding="utf-8")
    done = subprocess.run(["node", str(worker)], capture_output=True, text=True, check=False)
    assert done.stdout == "function", done.stderr
