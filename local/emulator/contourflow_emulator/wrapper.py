"""Puts every addition of this package in place. Imported only after `apply_environment`: it loads ministack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ministack import app
from ministack.services import eventbridge, scheduler

from . import (
    batch_cloudformation,
    bucket_deployment,
    bucket_tags,
    lambda_errors,
    lambda_workers,
    recorded_types,
    s3_events,
    sfn_batch,
    sfn_distributed_map,
    sfn_executions,
    sfn_s3,
    sqs_redrive,
    upstream,
)
from .autosave import Autosave
from .batch_jobs import BatchJobs
from .call_log import CallLog
from .dynamodb_journal import DynamoDbJournal
from .execution_journal import ExecutionJournal
from .journal import ServiceJournal
from .queue_journal import QueueJournal
from .recovery import Recovery
from .settings import Settings


@dataclass(frozen=True)
class Wrapper:
    """The additions that have a life of their own after installation."""

    jobs: BatchJobs
    recovery: Recovery
    autosave: Autosave
    journals: Mapping[str, ServiceJournal]
    calls: CallLog

    def after_start(self) -> None:
        """Finish the recovery from a crash, now that AWS is served."""
        self.recovery.announce()
        self.autosave.mark("stepfunctions", "batch", "sqs")

    def stop(self) -> None:
        """End background writers and job processes; ministack has saved its state by now.

        Saving ends first: jobs that are stopped here stay RUNNING on disk, so that the next start fails them and
        sends their events like those of a crash.
        """
        self.autosave.stop()
        self.jobs.stop_all()
        for journal in self.journals.values():
            journal.files.close()
        self.calls.stop()


def install(settings: Settings) -> Wrapper:
    """Replace what the additions replace.

    Raises:
        UpstreamChanged: ministack no longer has something they need.
    """
    lambda_errors.install()
    lambda_workers.install(settings.lambda_workers, settings.scratch_dir)
    recorded_types.install()
    bucket_deployment.install()
    bucket_tags.install()
    s3_events.install()
    batch_cloudformation.install()
    jobs = BatchJobs(settings)
    jobs.install()
    sfn_s3.install()
    sfn_batch.install(jobs)
    sfn_distributed_map.install()
    folder = settings.state_dir / "journal"
    journals: dict[str, ServiceJournal] = {
        "dynamodb": DynamoDbJournal(folder),
        "sqs": QueueJournal(folder),
        "stepfunctions": ExecutionJournal(folder),
    }
    autosave = Autosave(settings.state_dir / "services", journals)
    calls = CallLog(settings.state_dir / "calls.jsonl", autosave.mark_call)
    calls.install()
    sfn_executions.install()
    sqs_redrive.install()
    recovery = Recovery(jobs)
    recovery.install()
    autosave.install()
    upstream.replace(app, "_load_persisted_state", lambda load: lambda: _load_and_recover(load, recovery))
    if not settings.scheduled_rules:
        for module in (eventbridge, scheduler):
            upstream.replace(module, "start_scheduler", lambda _original: lambda: None)
    return Wrapper(jobs, recovery, autosave, journals, calls)


def _load_and_recover(load: Callable[[], None], recovery: Recovery) -> None:
    load()
    recovery.end_interrupted()
