"""One attempt of a Batch job as a host process: its own process group, its output in a file, stopped like ECS does."""

from __future__ import annotations

import contextvars
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .batch_logs import LogFollower, log_destination
from .principals import issue_credentials
from .process_record import ProcessRecord, identify, signal_group
from .settings import REGION, LocalImage, Settings, workload_environment

TIMED_OUT = "Job attempt duration exceeded timeout"
CONTAINER_EXITED = "Essential container in task exited"


@dataclass(frozen=True)
class AttemptOutcome:
    """How an attempt ended: exit code as a container runtime gives it, and the two reasons Batch reports."""

    exit_code: int | None
    status_reason: str
    container_reason: str | None = None


def resolve_command(definition: dict[str, Any], submission: dict[str, Any]) -> list[str]:
    """The command with `Ref::name` replaced by job parameters; an unknown name stays as it is, as in Batch."""
    overrides = submission.get("containerOverrides") or {}
    parameters = {**(definition.get("parameters") or {}), **(submission.get("parameters") or {})}
    command = overrides.get("command") or (definition.get("containerProperties") or {}).get("command") or []
    return [
        str(parameters.get(word[5:], word)) if isinstance(word, str) and word.startswith("Ref::") else str(word)
        for word in command
    ]


def resolve_environment(definition: dict[str, Any], submission: dict[str, Any]) -> dict[str, str]:
    """Environment of the definition, overridden by that of the submission."""
    container = (definition.get("containerProperties") or {}).get("environment") or []
    overrides = (submission.get("containerOverrides") or {}).get("environment") or []
    return {entry["name"]: str(entry.get("value", "")) for entry in [*container, *overrides]}


def attempt_timeout_s(definition: dict[str, Any], submission: dict[str, Any]) -> float | None:
    """Seconds an attempt may take, of the submission or else the definition."""
    timeout = submission.get("timeout") or definition.get("timeout") or {}
    seconds = timeout.get("attemptDurationSeconds")
    return float(seconds) if seconds else None


class JobProcess:
    """Runs one attempt. `stop` may be called from any thread and ends it early with the given outcome."""

    def __init__(self, settings: Settings, record: ProcessRecord, job: dict[str, Any], definition: dict[str, Any]):
        self._settings, self._record, self._job, self._definition = settings, record, job, definition
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped_because: str | None = None

    def run(
        self, submission: dict[str, Any], attempt: int, task_id: str, started: Callable[[], None]
    ) -> AttemptOutcome:
        """Start the command, follow its output into CloudWatch Logs, wait for its end and return how it ended.

        `started` is called once the process runs, and not when it cannot be started.
        """
        output = self._settings.batch_dir / self._job["jobId"] / f"attempt-{attempt}.log"
        output.parent.mkdir(parents=True, exist_ok=True)
        output.touch()
        follower = LogFollower(output, *log_destination(self._definition, task_id))
        thread = threading.Thread(target=contextvars.copy_context().run, args=(follower.follow,), daemon=True)
        thread.start()
        try:
            return self._run(submission, attempt, output, started)
        finally:
            self._record.remove(self._job["jobId"])
            follower.finish()
            thread.join(timeout=10)

    def stop(self, reason: str) -> None:
        """SIGTERM now, SIGKILL after the stop timeout; the attempt ends with `reason`."""
        with self._lock:
            if self._stopped_because is not None:
                return
            self._stopped_because = reason
            process = self._process
        if process is not None:
            threading.Thread(target=self._end, args=(process,), daemon=True).start()

    def _run(
        self, submission: dict[str, Any], attempt: int, output: Path, started: Callable[[], None]
    ) -> AttemptOutcome:
        try:
            process = self._start(submission, attempt, output)
        except (OSError, ValueError) as error:
            return AttemptOutcome(None, CONTAINER_EXITED, f"CannotStartContainerError: {error}")
        if process is None:
            return AttemptOutcome(None, self._stopped_because or CONTAINER_EXITED)
        started()
        try:
            code = process.wait(attempt_timeout_s(self._definition, submission))
        except subprocess.TimeoutExpired:
            self.stop(TIMED_OUT)
            code = process.wait()
        # Children a finished command left in its group would outlive a container; they end here as they do there.
        signal_group(process.pid, signal.SIGKILL)
        reason = self._stopped_because or CONTAINER_EXITED
        return AttemptOutcome(code if code >= 0 else 128 - code, reason)

    def _start(self, submission: dict[str, Any], attempt: int, output: Path) -> subprocess.Popen[bytes] | None:
        image = self._image()
        with self._lock, output.open("ab") as sink:
            if self._stopped_because is not None:
                return None
            self._process = subprocess.Popen(
                [*image.prefix, *resolve_command(self._definition, submission)],
                cwd=image.cwd or output.parent,
                env=self._environment(image, submission, attempt),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            identity = identify(self._process.pid)
            if identity is not None:
                self._record.add(self._job["jobId"], identity)
            return self._process

    def _image(self) -> LocalImage:
        uri = (self._definition.get("containerProperties") or {}).get("image", "")
        image = self._settings.images.get(uri) or self._settings.images.get("*")
        if image is None:
            raise ValueError(f'no host command for image {uri}; name it, or "*", in BATCH_LOCAL_IMAGES')
        return image

    def _environment(self, image: LocalImage, submission: dict[str, Any], attempt: int) -> dict[str, str]:
        role = (self._definition.get("containerProperties") or {}).get("jobRoleArn") or ""
        return {
            **workload_environment(),
            **image.env,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self._settings.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            **issue_credentials("batch", self._definition["jobDefinitionName"], role),
            **resolve_environment(self._definition, submission),
            "AWS_BATCH_JOB_ID": self._job["jobId"],
            "AWS_BATCH_JOB_ATTEMPT": str(attempt),
            "AWS_BATCH_JQ_NAME": self._job["jobQueue"].rsplit("/", 1)[-1],
            "AWS_BATCH_CE_NAME": "local",
        }

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # Only the first process is told, as in a container; its children are its own affair until the group is killed.
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._settings.stop_timeout_s
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if process.poll() is None:
            signal_group(process.pid, signal.SIGKILL)
