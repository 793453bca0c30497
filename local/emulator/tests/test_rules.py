"""Pure rules of this package: retry, names, settings, identities of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from contourflow_emulator import process_record, settings
from contourflow_emulator.batch_names import camel, pascal
from contourflow_emulator.process_record import ProcessIdentity, ProcessRecord
from contourflow_emulator.settings import InvalidSettings, read_settings


def test_camel_and_pascal_leave_the_users_own_keys() -> None:
    given = {"JobName": "a", "Tags": {"MyTag": "x"}, "Parameters": {"Epochs": "1"}, "Env": [{"Name": "A"}]}
    spelled = {"jobName": "a", "tags": {"MyTag": "x"}, "parameters": {"Epochs": "1"}, "env": [{"name": "A"}]}
    assert camel(given) == spelled and pascal(spelled) == given


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("110s", 110), ("2m", 120)])
def test_stop_timeout_is_read_as_ecs_writes_it(text: str, seconds: float) -> None:
    assert read_settings({"ECS_CONTAINER_STOP_TIMEOUT": text}).stop_timeout_s == seconds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONTOURFLOW_EMULATOR_PORT", "eighty"),
        ("CONTOURFLOW_BATCH_SLOTS", "0"),
        ("ECS_CONTAINER_STOP_TIMEOUT", "soon"),
        ("BATCH_LOCAL_IMAGES", "[1]"),
    ],
)
def test_a_setting_that_cannot_be_used_names_itself(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=name):
        read_settings({name: value})


def test_an_image_becomes_a_host_command() -> None:
    image = read_settings({"BATCH_LOCAL_IMAGES": '{"x:1": {"cwd": "/a", "prefix": ["python"]}}'}).images["x:1"]
    assert image == settings.LocalImage(cwd="/a", prefix=("python",), env={})


def test_a_recorded_process_is_ended_and_a_stranger_with_its_pid_is_not(tmp_path: Path) -> None:
    mine = subprocess.Popen(["sleep", "60"], start_new_session=True)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        identity = process_record.identify(mine.pid)
        assert identity is not None and process_record.is_alive(identity)
        record = ProcessRecord(tmp_path / "processes.json")
        record.add("job-1", identity)
        record.add("job-2", ProcessIdentity(stranger.pid, "another start"))
        # The file, not the object, is what a later start has.
        assert ProcessRecord(tmp_path / "processes.json").end_all(2) == {"job-1": True, "job-2": False}
        assert mine.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (mine, stranger):
            process.kill()
            process.wait()


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    assert stubborn.stdout is not None and stubborn.stdout.readline() == b"ready\n"
    identity = process_record.identify(stubborn.pid)
    assert identity is not None
    started = time.monotonic()
    assert process_record.end_group(identity, 0.5)
    assert stubborn.wait(5) == -signal.SIGKILL and time.monotonic() - started >= 0.5


def test_the_identity_of_a_process_that_has_ended_is_gone() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert process_record.identify(ended.pid) is None
    assert process_record.identify(os.getpid()) == process_record.identify(os.getpid())
