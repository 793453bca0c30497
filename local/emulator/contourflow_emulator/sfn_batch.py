"""Step Functions runs Batch jobs: `batch:submitJob` and `.sync`, answering as AWS does.

A job that fails raises States.TaskFailed with the job's detail as the cause; a wait that nobody needs any more
(the execution was stopped, the state timed out) terminates the job.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.services import batch
from ministack.services import stepfunctions as sfn

from . import upstream
from .batch_jobs import ENDED, BatchJobs
from .batch_names import camel, pascal
from .sfn_context import ABORTED, current_task, is_wanted

_RESOURCE = "arn:aws:states:::batch:submitJob"
_STARTED_BY = {"name": "MANAGED_BY_AWS", "value": "STARTED_BY_STEP_FUNCTIONS"}


def install(jobs: BatchJobs) -> None:
    """Register the integration with ministack's dispatch table."""
    upstream.require(sfn, "_SERVICE_DISPATCH")[_RESOURCE] = lambda resource, data: _submit(jobs, resource, data)


def _submit(jobs: BatchJobs, resource: str, data: dict[str, Any]) -> dict[str, Any]:
    request = camel(data)
    overrides = request.setdefault("containerOverrides", {})
    overrides["environment"] = [*(overrides.get("environment") or []), _STARTED_BY]
    status, _headers, body = jobs.submit(request)
    answer = json.loads(body)
    if status >= 400:
        raise sfn._ExecutionError("Batch.ClientException", answer.get("message") or str(answer))
    if ".sync" not in resource:
        submitted: dict[str, Any] = pascal(answer)
        return submitted
    job = _wait(jobs, answer["jobId"])
    detail: dict[str, Any] = pascal(job)
    if job["status"] == "FAILED":
        raise sfn._ExecutionError("States.TaskFailed", json.dumps(detail))
    return detail


def _wait(jobs: BatchJobs, job_id: str) -> dict[str, Any]:
    task = current_task()
    job: dict[str, Any] = batch._jobs[job_id]
    while job["status"] not in ENDED:
        if not is_wanted(task):
            jobs.terminate({"jobId": job_id, "reason": "The Step Functions execution no longer waits for this job."})
            raise sfn._ExecutionError(ABORTED, f"stopped waiting for Batch job {job_id}")
        time.sleep(0.1)
    return job
