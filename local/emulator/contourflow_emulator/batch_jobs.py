"""AWS Batch jobs that really run: SubmitJob to SUCCEEDED or FAILED, as host processes, with the events AWS sends.

Stock ministack answers SubmitJob with an instant success. Array jobs, multi-node jobs and fair share are not here.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.services import batch

from . import upstream
from .batch_cloudformation import find_job_definition, find_job_queue
from .batch_logs import log_destination
from .batch_process import TIMED_OUT, AttemptOutcome, JobProcess
from .batch_records import move, name_matches, new_job, refusal, send_event, summary
from .batch_retry import should_retry
from .batch_slots import Slots
from .process_record import ProcessRecord
from .settings import Settings

logger = logging.getLogger("contourflow.batch")

ENDED = frozenset({"SUCCEEDED", "FAILED"})
HOST_GONE = "Host EC2 (instance i-local) terminated."


@dataclass
class _Control:
    """What is needed to stop a job: its process while one runs, and the reason once somebody asked."""

    process: JobProcess | None = None
    ended_because: str | None = None
    retryable: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class BatchJobs:
    """The job half of the Batch API. One per process; `install` puts it in the place of ministack's."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = Slots(settings.batch_slots)
        self._record = ProcessRecord(settings.batch_dir / "processes.json")
        self._controls: dict[str, _Control] = {}

    def install(self) -> None:
        """Take over the job operations of ministack's Batch service."""
        upstream.require(batch, "_DISPATCH").update(
            {
                "/v1/submitjob": self.submit,
                "/v1/describejobs": self.describe,
                "/v1/listjobs": self.list_jobs,
                "/v1/canceljob": self.cancel,
                "/v1/terminatejob": self.terminate,
            }
        )

    def submit(self, request: dict[str, Any]) -> Any:
        """SubmitJob: validates names, queue and definition, and starts the job's life on its own thread."""
        refused = refusal(request)
        if refused is not None:
            return batch.error_response_json("ClientException", refused, 400)
        definition = find_job_definition(request["jobDefinition"])
        queue = find_job_queue(request["jobQueue"])
        assert definition is not None and queue is not None, "checked by refusal"
        job = new_job(request, definition, queue)
        batch._jobs[job["jobId"]] = job
        self._controls[job["jobId"]] = _Control()
        send_event(job)
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._live, job, definition, request), daemon=True).start()
        return batch._json(200, {key: job[key] for key in ("jobId", "jobName", "jobArn")})

    def describe(self, request: dict[str, Any]) -> Any:
        """DescribeJobs: full detail, unknown ids are left out."""
        return batch._json(200, {"jobs": [batch._jobs[j] for j in request.get("jobs") or [] if j in batch._jobs]})

    def list_jobs(self, request: dict[str, Any]) -> Any:
        """ListJobs: newest first; as in AWS only RUNNING ones, unless filters or a status ask for others."""
        queue = find_job_queue(request.get("jobQueue") or "")
        filters = {f["name"]: f["values"] for f in request.get("filters") or []}
        status = request.get("jobStatus") or (None if filters else "RUNNING")
        names = filters.get("JOB_NAME", [])
        chosen = [
            job
            for job in batch._jobs.values()
            if (queue is None or job["jobQueue"] == queue["jobQueueArn"])
            and (status is None or job["status"] == status)
            and all(name_matches(job["jobName"], name) for name in names)
        ]
        chosen.sort(key=lambda job: -job["createdAt"])
        return batch._json(200, {"jobSummaryList": [summary(job) for job in chosen]})

    def cancel(self, request: dict[str, Any]) -> Any:
        """CancelJob: ends a job that does not run yet; one that runs is left alone, as in AWS."""
        job = batch._jobs.get(request.get("jobId", ""))
        if job is not None and job["status"] in {"SUBMITTED", "PENDING", "RUNNABLE"}:
            job["isCancelled"] = True
            self._end(job, request.get("reason") or "Job cancelled")
        return batch._json(200, {})

    def terminate(self, request: dict[str, Any]) -> Any:
        """TerminateJob: SIGTERM, then SIGKILL after the stop timeout; a job that does not run yet is cancelled."""
        job = batch._jobs.get(request.get("jobId", ""))
        if job is not None and job["status"] not in ENDED:
            job["isTerminated"] = True
            self._end(job, request.get("reason") or "Job terminated")
        return batch._json(200, {})

    def reclaim_host(self, job_id: str) -> bool:
        """Do to a running job what a reclaimed Spot host does: stop it with a reason that retry rules can match."""
        job = batch._jobs.get(job_id)
        if job is None or job["status"] != "RUNNING":
            return False
        self._end(job, HOST_GONE, retryable=True)
        return True

    def end_orphans(self) -> list[dict[str, Any]]:
        """After a crash: end recorded processes that still live and fail the jobs that had not ended.

        Returns:
            The jobs that failed, for `announce` once rules and queues are served again.
        """
        self._record.end_all(self._settings.stop_timeout_s)
        failed = [job for job in batch._jobs.all_values() if job["status"] not in ENDED]
        for job in failed:
            job.update(status="FAILED", statusReason=HOST_GONE, stoppedAt=batch._now_ms())
        return failed

    def announce(self, jobs: list[dict[str, Any]]) -> None:
        """Send the state change event of each job."""
        for job in jobs:
            send_event(job)

    def stop_all(self) -> None:
        """On a clean shutdown: end every running process, without waiting for the threads that watch them."""
        self._record.end_all(min(self._settings.stop_timeout_s, 5.0))

    def _end(self, job: dict[str, Any], reason: str, *, retryable: bool = False) -> None:
        control = self._controls.get(job["jobId"])
        if control is None:
            return
        with control.lock:
            control.ended_because, control.retryable = reason, retryable
            process = control.process
        if process is not None:
            process.stop(reason)
        self._slots.wake()

    def _live(self, job: dict[str, Any], definition: dict[str, Any], request: dict[str, Any]) -> None:
        try:
            self._wait_and_run(job, definition, request)
        except Exception as error:
            logger.exception("job %s could not be run", job["jobId"])
            move(job, "FAILED", statusReason=f"CannotStartContainerError: {error}", stoppedAt=batch._now_ms())
        finally:
            self._controls.pop(job["jobId"], None)

    def _wait_and_run(self, job: dict[str, Any], definition: dict[str, Any], request: dict[str, Any]) -> None:
        control = self._controls[job["jobId"]]
        refused = self._wait_for_dependencies(job, control)
        if refused is not None:
            move(job, "FAILED", statusReason=refused, stoppedAt=batch._now_ms())
            return
        while True:
            self._slots.join(job["jobId"])
            move(job, "RUNNABLE")
            if not self._slots.wait_for_turn(job["jobId"], lambda: control.ended_because is not None):
                move(job, "FAILED", statusReason=control.ended_because, stoppedAt=batch._now_ms())
                return
            try:
                outcome = self._attempt(job, definition, request, control)
            finally:
                self._slots.release()
            if outcome.exit_code == 0 and control.ended_because is None:
                move(job, "SUCCEEDED", statusReason=outcome.status_reason, stoppedAt=batch._now_ms())
                return
            stopped = control.ended_because is not None and not control.retryable
            final = stopped or outcome.status_reason == TIMED_OUT
            if final or not should_retry(job["retryStrategy"], len(job["attempts"]), outcome):
                move(job, "FAILED", statusReason=outcome.status_reason, stoppedAt=batch._now_ms())
                return
            with control.lock:
                control.process, control.ended_because, control.retryable = None, None, False

    def _wait_for_dependencies(self, job: dict[str, Any], control: _Control) -> str | None:
        """Wait for the jobs named in dependsOn; the reason to fail, or None when the job may run."""
        wanted = [entry["jobId"] for entry in job["dependsOn"] if entry.get("jobId")]
        if wanted:
            move(job, "PENDING")
        for job_id in wanted:
            while (other := batch._jobs.get(job_id)) is not None and other["status"] not in ENDED:
                if control.ended_because is not None:
                    return control.ended_because
                time.sleep(0.1)
            if other is not None and other["status"] == "FAILED":
                return "Dependent Job failed"
        return None

    def _attempt(
        self, job: dict[str, Any], definition: dict[str, Any], request: dict[str, Any], control: _Control
    ) -> AttemptOutcome:
        task_id = batch.new_uuid().replace("-", "")
        number = len(job["attempts"]) + 1
        process = JobProcess(self._settings, self._record, job, definition)
        with control.lock:
            control.process = process
            if control.ended_because is not None:
                process.stop(control.ended_because)
        stream = log_destination(definition, task_id)[1]
        started = batch._now_ms()
        job["container"].update(logStreamName=stream, taskArn=f"arn:aws:ecs:local:task/{task_id}")
        move(job, "STARTING")
        outcome = process.run(request, number, task_id, lambda: move(job, "RUNNING", startedAt=started))
        container = {"logStreamName": stream, "taskArn": job["container"]["taskArn"], "networkInterfaces": []}
        if outcome.exit_code is not None:
            container["exitCode"] = outcome.exit_code
        if outcome.container_reason is not None:
            container["reason"] = outcome.container_reason
        job["container"].update(container)
        job["attempts"].append(
            {
                "container": container,
                "startedAt": started,
                "stoppedAt": batch._now_ms(),
                "statusReason": outcome.status_reason,
            }
        )
        return outcome
