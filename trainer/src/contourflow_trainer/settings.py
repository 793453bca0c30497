"""The process environment, read here and nowhere else. AWS_* variables are read by botocore itself."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import TrainerError


@dataclass(frozen=True)
class Settings:
    """What the job definition and Batch tell this process.

    broker_function: name or ARN of the credentials broker (CONTOURFLOW_BROKER_FUNCTION).
    job_id, job_attempt: AWS_BATCH_JOB_ID, AWS_BATCH_JOB_ATTEMPT (1 for the first attempt).
    work_dir: scratch space (CONTOURFLOW_WORK_DIR); prepared volumes are kept there while the job runs.
    checkpoint_seconds: longest time between two checkpoints in the store (CONTOURFLOW_CHECKPOINT_SECONDS).
    """

    broker_function: str
    job_id: str
    job_attempt: int
    work_dir: Path
    checkpoint_seconds: float


def read_settings() -> Settings:
    """Raises ConfigurationError for a number that is none."""
    environment = os.environ
    work_dir = environment.get("CONTOURFLOW_WORK_DIR") or tempfile.mkdtemp(prefix="contourflow-")
    return Settings(
        broker_function=environment.get("CONTOURFLOW_BROKER_FUNCTION", ""),
        job_id=environment.get("AWS_BATCH_JOB_ID", ""),
        job_attempt=int(_number("AWS_BATCH_JOB_ATTEMPT", 1)),
        work_dir=Path(work_dir),
        checkpoint_seconds=_number("CONTOURFLOW_CHECKPOINT_SECONDS", 300),
    )


def _number(name: str, default: float) -> float:
    text = os.environ.get(name, "")
    try:
        return float(text) if text else default
    except ValueError as error:
        raise TrainerError("ConfigurationError", f'{name} is "{text}"; it must be a number') from error
