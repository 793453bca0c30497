"""The process environment, read here and nowhere else. AWS_* variables are read by botocore itself."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import TrainerError

_CHECKPOINT_SECONDS = 90
"""A lost host may cost two minutes: this, the step under way, and the writing of the checkpoint."""


@dataclass(frozen=True)
class Settings:
    """What the job definition and Batch tell this process.

    broker_function: name or ARN of the credentials broker (CONTOURFLOW_BROKER_FUNCTION).
    job_id, job_attempt: AWS_BATCH_JOB_ID, AWS_BATCH_JOB_ATTEMPT (1 for the first attempt).
    work_dir: scratch space of this attempt alone, below CONTOURFLOW_WORK_DIR or the system's temporary folder.
    checkpoint_seconds: longest time between two checkpoints in the store (CONTOURFLOW_CHECKPOINT_SECONDS).
    """

    broker_function: str
    job_id: str
    job_attempt: int
    work_dir: Path
    checkpoint_seconds: float


def let_idle_threads_sleep() -> None:
    """To be called before torch is imported.

    Threads that spin while they wait cost several times the work itself when other processes want the same cores.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def job_settings() -> Iterator[Settings]:
    """Settings with a fresh scratch folder, removed at the end.  Raises ConfigurationError."""
    environment = os.environ
    shared = environment.get("CONTOURFLOW_WORK_DIR") or None
    if shared is not None:
        Path(shared).mkdir(parents=True, exist_ok=True)
    # Jobs of one machine may share the folder: nothing of another run may be taken for this one's.
    with tempfile.TemporaryDirectory(prefix="trainer-", dir=shared, ignore_cleanup_errors=True) as work_dir:
        yield _read_settings(Path(work_dir))


def _read_settings(work_dir: Path) -> Settings:
    environment = os.environ
    return Settings(
        broker_function=environment.get("CONTOURFLOW_BROKER_FUNCTION", ""),
        job_id=environment.get("AWS_BATCH_JOB_ID", ""),
        job_attempt=int(_number("AWS_BATCH_JOB_ATTEMPT", 1)),
        work_dir=work_dir,
        checkpoint_seconds=_number("CONTOURFLOW_CHECKPOINT_SECONDS", _CHECKPOINT_SECONDS),
    )


def _number(name: str, default: float) -> float:
    text = os.environ.get(name, "")
    try:
        return float(text) if text else default
    except ValueError as error:
        raise TrainerError("ConfigurationError", f'{name} is "{text}"; it must be a number') from error
