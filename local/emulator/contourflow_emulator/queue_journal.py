"""No acknowledged message is lost, and none is lost between two threads.

What SendMessage and EventBridge put into a queue, and what is deleted from one, is appended to a journal before it
is answered. ministack changes the list of a queue's messages on several threads, and guards some of it; here all of
it is guarded, because a message added while a list is being replaced would be gone.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ministack.services import eventbridge, sqs

from . import upstream
from .journal import Journal, line_of

for _name in ("_get_q", "_queue_by_arn", "_queues"):
    upstream.require(sqs, _name)

_SENDS = ("SendMessage", "SendMessageBatch")
_DELETIONS = ("DeleteMessage", "DeleteMessageBatch", "PurgeQueue")
_GUARDED = ("_collect_msgs", "_dlq_sweep", "_expire_retained")


class QueueJournal:
    """Messages sent and deleted."""

    def __init__(self, folder: Path) -> None:
        self.files = Journal(folder, "sqs")
        self._lock = threading.RLock()

    def install(self) -> None:
        """Guard the lists of messages, and write what is added and removed."""
        upstream.replace(sqs, "_queues_lock", lambda _original: self._lock)
        for name in _GUARDED:
            upstream.replace(sqs, name, self._guarded)
        actions = upstream.require(sqs, "_HANDLERS")
        for name in (*_SENDS, *_DELETIONS):
            actions[name] = self._journalling_action(actions[name])
        upstream.replace(sqs, "_delete_messages_for_esm", self._journalling_consumption)
        upstream.replace(eventbridge, "_dispatch_to_sqs", self._journalling_delivery)

    def replay(self) -> int:
        """Apply what was sent and deleted to the queues that still exist; number of changes applied."""
        queues = {queue["attributes"].get("QueueArn"): queue for queue in sqs._queues.all_values()}
        messages = {arn: {message["id"]: message for message in queue["messages"]} for arn, queue in queues.items()}
        applied = 0
        for arn, message_id, message in self.files.entries():
            held = messages.get(arn, {})
            if message is None:
                applied += held.pop(message_id, None) is not None
            elif arn in messages and message_id not in held:
                held[message_id] = message
                applied += 1
        for arn, queue in queues.items():
            queue["messages"] = list(messages[arn].values())
        return applied

    def _guarded(self, step: Any) -> Any:
        def guarded(*args: Any) -> Any:
            with self._lock:
                return step(*args)

        return guarded

    def _journalling_action(self, act: Any) -> Any:
        def act_and_journal(request: dict[str, Any], queue_url: str) -> Any:
            with self._lock:
                return self._watched(sqs._get_q(request.get("QueueUrl", queue_url)), act, request, queue_url)

        return act_and_journal

    def _journalling_consumption(self, delete: Any) -> Any:
        def delete_and_journal(queue_url: str, receipt_handles: set[str]) -> None:
            with self._lock:
                self._watched(sqs._get_q(queue_url), delete, queue_url, receipt_handles)

        return delete_and_journal

    def _journalling_delivery(self, dispatch: Any) -> Any:
        def dispatch_and_journal(spec: Any, *args: Any) -> None:
            with self._lock:
                queue = sqs._queue_by_arn(str(spec))
                if queue:
                    self._watched(queue, dispatch, spec, *args)
                else:
                    dispatch(spec, *args)

        return dispatch_and_journal

    def _watched(self, queue: dict[str, Any], step: Any, *args: Any) -> Any:
        """Journals the difference that the step makes to the queue."""
        before = {message["id"]: message for message in queue["messages"]}
        try:
            return step(*args)
        finally:
            arn = queue["attributes"]["QueueArn"]
            after = {message["id"]: message for message in queue["messages"]}
            sent = [[arn, name, message] for name, message in after.items() if name not in before]
            gone = [[arn, name, None] for name in before if name not in after]
            self.files.append([line_of(entry) for entry in sent + gone])
