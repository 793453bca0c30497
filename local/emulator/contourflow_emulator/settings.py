"""All configuration of the local emulator: the only place in this package that reads or writes the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"

# What a function, a job or the server itself may see of the environment the emulator was started from.
# Everything else (profiles, proxies, tokens of the person at the keyboard) stays out of local workloads.
_INHERITED_NAMES = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "NODE_EXTRA_CA_CERTS",
)


class InvalidSettings(ValueError):
    """An environment variable holds a value the emulator cannot use."""


@dataclass(frozen=True)
class LocalImage:
    """How a container image becomes a host process: working folder, command prefix, extra environment."""

    cwd: str | None = None
    prefix: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """Configuration of one emulator process. `read_settings` documents the environment names."""

    port: int
    state_dir: Path
    web_port: int | None
    images: Mapping[str, LocalImage]
    batch_slots: int
    stop_timeout_s: float
    lambda_workers: int
    scheduled_rules: bool
    log_level: str

    @property
    def endpoint(self) -> str:
        """The address of every AWS service, for SDK clients on this machine."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def scratch_dir(self) -> Path:
        """Temporary files: unpacked function code and their own /tmp. Emptied at each start."""
        return self.state_dir / "tmp"

    @property
    def batch_dir(self) -> Path:
        """Working folders and output of Batch jobs, and the record of their processes."""
        return self.state_dir / "batch"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    CONTOURFLOW_EMULATOR_PORT    port of all AWS services (default 4566)
    CONTOURFLOW_STATE_DIR        folder of everything that survives a restart (default .contourflow/emulator)
    CONTOURFLOW_WEB_PORT         port of the browser's origin; empty: no such listener
    BATCH_LOCAL_IMAGES           JSON object, image URI or "*" -> {"cwd": str, "prefix": [str], "env": {str: str}}
    CONTOURFLOW_BATCH_SLOTS      Batch jobs that run at the same time (default 1)
    ECS_CONTAINER_STOP_TIMEOUT   seconds between SIGTERM and SIGKILL of a job, "30", "110s" or "2m" (default 30)
    CONTOURFLOW_LAMBDA_WORKERS   processes per function; further invocations wait (default twice the CPU count)
    CONTOURFLOW_SCHEDULED_RULES  "off" stops rate() and cron() rules from firing (default on)
    CONTOURFLOW_LOG_LEVEL        Python log level (default INFO)

    Raises:
        InvalidSettings: a value cannot be used; the message names the variable and what it may hold.
    """
    env = os.environ if environment is None else environment
    web_port = env.get("CONTOURFLOW_WEB_PORT", "")
    return Settings(
        port=_integer(env, "CONTOURFLOW_EMULATOR_PORT", 4566, 1, 65535),
        state_dir=Path(env.get("CONTOURFLOW_STATE_DIR") or ".contourflow/emulator").resolve(),
        web_port=_integer(env, "CONTOURFLOW_WEB_PORT", 0, 1, 65535) if web_port else None,
        images=_images(env.get("BATCH_LOCAL_IMAGES") or "{}"),
        batch_slots=_integer(env, "CONTOURFLOW_BATCH_SLOTS", 1, 1, 256),
        stop_timeout_s=_duration(env.get("ECS_CONTAINER_STOP_TIMEOUT") or "30"),
        lambda_workers=_integer(env, "CONTOURFLOW_LAMBDA_WORKERS", 2 * (os.cpu_count() or 1), 1, 1000),
        scheduled_rules=(env.get("CONTOURFLOW_SCHEDULED_RULES") or "on").lower() != "off",
        log_level=(env.get("CONTOURFLOW_LOG_LEVEL") or "INFO").upper(),
    )


def apply_environment(settings: Settings) -> None:
    """Make the process environment what ministack reads at import, and nothing else.

    Must run before the first import of ministack. Temporary files of function workers go under the state
    folder, so that a crash leaves nothing behind elsewhere.
    """
    inherited = {name: os.environ[name] for name in _INHERITED_NAMES if name in os.environ}
    settings.scratch_dir.mkdir(parents=True, exist_ok=True)
    os.environ.clear()
    os.environ.update(inherited)
    os.environ.update(
        {
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": str(settings.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": settings.log_level,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(settings.state_dir / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(settings.state_dir / "s3"),
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "MINISTACK_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": settings.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
            # Invocations that wait for a free worker hold a thread each, and the calls of the running ones need more.
            "MINISTACK_WORKER_THREADS": "512",
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
            "TMPDIR": str(settings.scratch_dir),
        }
    )


# What ministack reads and no function should see; LOG_LEVEL, for one, would set the level of a function's logger.
SERVER_NAMES = frozenset(
    [
        "BIND_HOST",
        "DOCKER_HOST",
        "GATEWAY_PORT",
        "IOT_MTLS_ENABLED",
        "LAMBDA_ACCOUNT_CONCURRENCY",
        "LOG_LEVEL",
        "MINISTACK_ACCOUNT_ID",
        "MINISTACK_HOST",
        "MINISTACK_REGION",
        "MINISTACK_WORKER_THREADS",
        "PERSIST_STATE",
        "S3_DATA_DIR",
        "S3_PERSIST",
        "SFTP_ENABLED",
        "STATE_DIR",
    ]
)


def workload_environment() -> dict[str, str]:
    """The part of the environment that a Batch job's host process starts from."""
    return {name: os.environ[name] for name in (*_INHERITED_NAMES, "TMPDIR") if name in os.environ}


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high and text != str(default):
        raise InvalidSettings(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return value


def _duration(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
    try:
        return float(number) * unit
    except ValueError:
        raise InvalidSettings(
            f"ECS_CONTAINER_STOP_TIMEOUT is {text!r}; write seconds as '30', '110s' or '2m'"
        ) from None


def _images(text: str) -> dict[str, LocalImage]:
    try:
        table: Any = json.loads(text)
        return {
            image: LocalImage(
                cwd=entry.get("cwd"),
                prefix=tuple(entry.get("prefix") or ()),
                env=dict(entry.get("env") or {}),
            )
            for image, entry in table.items()
        }
    except (ValueError, AttributeError, TypeError):
        raise InvalidSettings(
            'BATCH_LOCAL_IMAGES must be a JSON object such as {"*": {"cwd": "/path", "prefix": [], "env": {}}}'
        ) from None
