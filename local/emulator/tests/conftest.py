"""A running emulator for the tests: one process per session on a free port, with its own state folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

EMULATOR = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(EMULATOR))


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Emulator:
    """One emulator that can be killed and started again on the same state."""

    def __init__(self, state: Path, **environment: str) -> None:
        self.state = state
        self.port, self.web_port = free_port(), free_port()
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        image = {"*": {"cwd": str(self.state), "prefix": [], "env": {}}}
        environment = {
            **os.environ,
            "CONTOURFLOW_EMULATOR_PORT": str(self.port),
            "CONTOURFLOW_WEB_PORT": str(self.web_port),
            "CONTOURFLOW_STATE_DIR": str(self.state),
            "BATCH_LOCAL_IMAGES": json.dumps(image),
            "ECS_CONTAINER_STOP_TIMEOUT": "2",
            "CONTOURFLOW_SCHEDULED_RULES": "off",
            **self.environment,
        }
        log = (self.state / "emulator.log").open("ab")
        command = [sys.executable, "-m", "contourflow_emulator"]
        self.process = subprocess.Popen(command, cwd=EMULATOR, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self.state / "emulator.log").read_text()[-3000:])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def client(self, service: str, **credentials: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", **credentials}
        config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, signature_version=None)
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", config=config, **keys)

    def calls(self) -> list[dict[str, Any]]:
        time.sleep(0.6)
        return [json.loads(line) for line in (self.state / "calls.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = Emulator(tmp_path_factory.mktemp("emulator"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator of its own, for tests that kill it."""
    running = Emulator(tmp_path / "state")
    running.start()
    yield running
    running.stop()


def wait_for(check: Any, seconds: float = 20) -> Any:
    """The first truthy result of `check()`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = check()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"still not so after {seconds} s")
