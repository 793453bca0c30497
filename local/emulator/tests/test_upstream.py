"""The wrapper refuses to run on a ministack that is not the one it was written for."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from contourflow_emulator import upstream

from conftest import EMULATOR

# Each names something one module of this package replaces or reads; `python -m` must fail when it is gone.
TOUCHED = [
    ("ministack.core.lambda_runtime", "_NODEJS_WORKER_SCRIPT"),
    ("ministack.core.lambda_runtime", "_PYTHON_WORKER_SCRIPT"),
    ("ministack.core.lambda_runtime", "execution_credentials"),
    ("ministack.core.lambda_runtime", "_detect_runtime_binary"),
    ("ministack.core.lambda_runtime", "reap_idle_workers"),
    ("ministack.services.lambda_svc", "_execute_function_warm"),
    ("ministack.services.s3", "_fire_s3_event"),
    ("ministack.services.eventbridge", "_dispatch_event"),
    ("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS"),
    ("ministack.services.batch", "_DISPATCH"),
    ("ministack.services.stepfunctions", "_SERVICE_DISPATCH"),
    ("ministack.services.stepfunctions", "_invoke_aws_sdk_integration"),
    ("ministack.services.stepfunctions", "_run_distributed_map"),
    ("ministack.services.stepfunctions", "_start_execution"),
    ("ministack.services.stepfunctions", "_run_execution"),
    ("ministack.services.stepfunctions", "_fail_execution"),
    ("ministack.services.stepfunctions", "_execute_task"),
    ("ministack.services.stepfunctions", "_run_parallel_branches"),
    ("ministack.services.stepfunctions", "_invoke_nested_start_execution_sync"),
    ("ministack.services.stepfunctions", "_invoke_resource_with_timeout"),
    ("ministack.services.stepfunctions", "_restore_state"),
    ("ministack.services.stepfunctions", "_add_event"),
    ("ministack.services.dynamodb", "_set_item"),
    ("ministack.services.dynamodb", "_remove_item"),
    ("ministack.services.sqs", "_HANDLERS"),
    ("ministack.services.cloudwatch_logs", "_append_log_events"),
    ("ministack.services.eventbridge", "_invoke_target"),
    ("ministack.services.sts", "register_session"),
    ("ministack.app", "_dispatch_service_request"),
    ("ministack.app", "_load_persisted_state"),
]

# Loads ministack once and installs the wrapper in one fork for each name, taken away in that fork only.
_PROGRAM = """
import importlib, json, os, sys
sys.path.insert(0, {root!r})
from contourflow_emulator.settings import apply_environment, read_settings
settings = read_settings({{"CONTOURFLOW_STATE_DIR": {scratch!r}}})
apply_environment(settings)
import ministack.app, ministack.core.lambda_runtime
from ministack.services import cloudwatch_logs, dynamodb, eventbridge, lambda_svc, s3, sqs, stepfunctions, sts
for module, name in [["", ""], *{touched!r}]:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        if module:
            delattr(importlib.import_module(module), name)
        from contourflow_emulator.upstream import UpstreamChanged
        try:
            from contourflow_emulator.wrapper import install
            install(settings)
            answer = "installed"
        except (UpstreamChanged, ImportError) as problem:
            answer = "refused " + str(problem)
        print(json.dumps([module, name, answer]), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
os._exit(0)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    program = _PROGRAM.format(root=str(EMULATOR), scratch=str(tmp_path_factory.mktemp("state")), touched=TOUCHED)
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    rows = [json.loads(line) for line in printed.stdout.splitlines() if line.startswith("[")]
    return {(module, name): answer for module, name, answer in rows}


def test_the_pinned_version_is_installed_and_accepted(answers: dict[tuple[str, str], str]) -> None:
    assert metadata.version("ministack") == upstream.MINISTACK_VERSION
    pins = (EMULATOR / "requirements.txt").read_text().splitlines()
    assert f"ministack=={upstream.MINISTACK_VERSION}" in pins
    assert answers["", ""] == "installed"


@pytest.mark.parametrize(("module", "name"), TOUCHED, ids=[f"{m.rsplit('.', 1)[-1]}.{n}" for m, n in TOUCHED])
def test_a_name_that_is_gone_is_refused(answers: dict[tuple[str, str], str], module: str, name: str) -> None:
    answer = answers[module, name]
    assert answer.startswith("refused") and name in answer


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: "1.5.34")
    with pytest.raises(upstream.UpstreamChanged, match=r"1\.5\.34"):
        upstream.require_version()


def test_a_missing_name_is_named() -> None:
    module = ModuleType("some.module")
    with pytest.raises(upstream.UpstreamChanged, match=r"some\.module\.gone"):
        upstream.replace(module, "gone", lambda original: original)


_TICK = """
import os, sys, tempfile
sys.path.insert(0, {root!r})
from contourflow_emulator.settings import apply_environment, read_settings
environment = {{"CONTOURFLOW_STATE_DIR": {scratch!r}, "CONTOURFLOW_SCHEDULED_RULES": {rules!r}}}
settings = read_settings(environment)
apply_environment(settings)
from contourflow_emulator.wrapper import install
install(settings)
from ministack.services import eventbridge
eventbridge._SCHEDULER_TICK_INTERVAL = 0.1
fired = []
eventbridge._invoke_target = lambda target, event, rule, view=None: fired.append(event["DetailType"])
eventbridge._ensure_default_bus()
eventbridge._put_rule({{"Name": "r", "ScheduleExpression": "rate(5 minutes)"}})
eventbridge._put_targets({{"Rule": "r", "Targets": [{{"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}}]}})
rule = next(iter(eventbridge._rules.values()))
rule["CreationTime"] -= 301
eventbridge.start_scheduler()
import time
time.sleep(1)
print(*fired)
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize(("rules", "fired"), [("on", "Scheduled Event"), ("off", "")])
def test_scheduled_rules_fire_unless_switched_off(tmp_path: Path, rules: str, fired: str) -> None:
    program = _TICK.format(root=str(EMULATOR), scratch=str(tmp_path), rules=rules)
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip() == fired
