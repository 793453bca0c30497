"""State that survives `kill -9`: what a call changes is on disk a moment later, not only after a clean shutdown.

Stock ministack saves on SIGTERM. Here each AWS call marks its service, and a thread saves the marked services
0.2 s later; a service whose snapshot is slow to make is saved less often, so that saving takes at most a fifth of
the time. What must not wait for that has a journal: DynamoDB items, messages, starts of executions.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import cloudformation, cloudwatch_logs
from ministack.services import stepfunctions as sfn

from . import upstream
from .journal import ServiceJournal

logger = logging.getLogger("contourflow.autosave")

for _name in ("_state_map", "SERVICE_REGISTRY", "_MAIN_LOOP", "_load_persisted_state"):
    upstream.require(app, _name)
for _name in ("_json_default", "_state_format_version"):
    upstream.require(persistence, _name)
upstream.require(cloudformation, "_stacks")

_DELAY_S = 0.2
# A service is not saved again before this many times the duration of its last save has passed.
_REST = 4.0
_DEPLOYMENT_INTERVAL_S = 1.0
# Items are safe in the journal; the tables are written out only once it has grown, or when a table itself changes.
_ITEM_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ConditionCheckItem"})
_JOURNAL_LINES_PER_SNAPSHOT = 5_000
# What one call changes elsewhere: events are matched and delivered, functions run and write logs, jobs move.
_SIDE_EFFECTS = ("sqs", "stepfunctions", "batch", "cloudwatch_logs", "lambda", "eventbridge")
_READ_PREFIXES = ("Get", "List", "Describe", "Head", "Query", "Scan", "BatchGet", "Receive")


class Autosave:
    """Marks and saves. One per process."""

    def __init__(self, folder: Path, journals: Mapping[str, ServiceJournal]) -> None:
        self._folder = folder
        self._journals = journals
        self._changed = threading.Condition()
        self._marked: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._save_lock = threading.Lock()
        self._deployments: list[tuple[str, str, str]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._work, daemon=True, name="contourflow-autosave")

    def install(self) -> None:
        """Mark services from ministack's own inner steps, replace its loader's last step, and start saving."""
        upstream.replace(app, "_load_persisted_state", self._loading)
        upstream.replace(sfn, "_add_event", self._marking("stepfunctions"))
        upstream.replace(cloudwatch_logs, "_append_log_events", self._marking("cloudwatch_logs"))
        self._thread.start()

    def mark(self, *keys: str) -> None:
        """Save the services with these state keys soon."""
        with self._changed:
            self._marked.update(keys)
            self._changed.notify()

    def mark_call(self, service: str, action: str) -> None:
        """Mark what an AWS call may have changed; a read marks nothing."""
        if action.startswith(_READ_PREFIXES):
            if action == "ReceiveMessage":
                self.mark("sqs")
            return
        if service == "dynamodb" and action in _ITEM_WRITES:
            if self._journals[service].files.lines > _JOURNAL_LINES_PER_SNAPSHOT:
                self.mark("dynamodb")
            return
        self.mark(*_state_keys(service), *_SIDE_EFFECTS)

    def save(self, key: str) -> None:
        """Save one service now."""
        journal = self._journals.get(key)
        with self._save_lock:
            if journal is None:
                self._write(key)
            else:
                number = journal.files.start_new_file()
                self._write(key)
                journal.files.drop_before(number)

    def stop(self) -> None:
        """Stop saving in the background; ministack's shutdown has written everything once more."""
        self._stopping = True
        self.mark()
        self._thread.join(timeout=5)

    def _work(self) -> None:
        while not self._stopping:
            with self._changed:
                if not self._marked and not self._stopping:
                    self._changed.wait(timeout=_DEPLOYMENT_INTERVAL_S)
                self._mark_deployment()
            time.sleep(_DELAY_S)
            now = time.monotonic()
            with self._changed:
                due = {key for key in self._marked if self._not_before.get(key, 0) <= now}
                self._marked -= due
            for key in sorted(due):
                self._save_timed(key)

    def _mark_deployment(self) -> None:
        """A deployment works on after its call was answered, in any service: while it does, and once it has ended."""
        deployments = _deployments()
        if deployments != self._deployments or any(status.endswith("_IN_PROGRESS") for _, status, _ in deployments):
            self._marked.update(_loaded_keys())
        self._deployments = deployments

    def _save_timed(self, key: str) -> None:
        started = time.monotonic()
        try:
            self.save(key)
        except Exception:
            logger.exception("could not save %s; it is tried again", key)
            self.mark(key)
        ended = time.monotonic()
        self._not_before[key] = ended + _REST * (ended - started)

    def _write(self, key: str) -> None:
        state = _snapshot(key)
        if state is None:
            return
        wrapped = {"__ministack_format__": persistence._state_format_version(key), "payload": state}
        text = json.dumps(wrapped, default=persistence._json_default)
        self._folder.mkdir(parents=True, exist_ok=True)
        scratch = self._folder / f"{key}.json.tmp-autosave"
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(self._folder / f"{key}.json")

    def _loading(self, load: Any) -> Any:
        def load_all() -> None:
            load()
            for key, journal in self._journals.items():
                replayed = journal.replay()
                journal.install()
                if replayed:
                    logger.info("replayed %d changes of %s that were newer than its snapshot", replayed, key)
                    self.mark(key)

        return load_all

    def _marking(self, key: str) -> Callable[[Any], Any]:
        def wrap(step: Any) -> Any:
            def marked(*args: Any, **kwargs: Any) -> Any:
                result = step(*args, **kwargs)
                self.mark(key)
                return result

            return marked

        return wrap


def _state_keys(service: str) -> list[str]:
    module = app.SERVICE_REGISTRY.get(service, {}).get("module")
    return [key for key, name in app._state_map.items() if name == module]


def _loaded_keys() -> list[str]:
    return [key for key, name in app._state_map.items() if f"ministack.services.{name}" in sys.modules]


def _deployments() -> list[tuple[str, str, str]]:
    """Id, status and last update of each stack: any difference tells that something was deployed meanwhile."""
    fields = ("StackId", "StackStatus", "LastUpdatedTime")
    for _ in range(4):
        try:
            stacks = list(cloudformation._stacks.all_values())
            return [(str(s.get(fields[0])), str(s.get(fields[1])), str(s.get(fields[2]))) for s in stacks]
        except RuntimeError:  # A stack came or went meanwhile.
            time.sleep(0.01)
    return []


def _snapshot(key: str) -> Any:
    """State of a service, taken while others change it: tried again on a change, then taken on the main loop."""
    module = sys.modules.get(f"ministack.services.{app._state_map[key]}")
    get_state = getattr(module, "get_state", None)
    if get_state is None:
        return None
    for _ in range(4):
        try:
            return get_state()
        except RuntimeError:
            time.sleep(0.01)
    loop = app._MAIN_LOOP

    async def on_loop() -> Any:
        return get_state()

    if loop is None or loop.is_closed():
        return get_state()
    return asyncio.run_coroutine_threadsafe(on_loop(), loop).result(timeout=30)
