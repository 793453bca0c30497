"""No acknowledged message is lost, nor the queue it was sent to, and none is lost between two threads.

What SendMessage and EventBridge put into a queue, and what is deleted from one, is appended to a journal before it
is answered, and so are queues that come, change or go by a call of their own. ministack changes the list of a queue's
messages on several threads, and guards some of it; here all of it is guarded, because a message added while a list is
being replaced would be gone.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import eventbridge, sqs

from . import upstream
from .journal import Journal, line_of

for _name in ("_get_q", "_queue_by_arn", "_queue_name_to_url", "_queues"):
    upstream.require(sqs, _name)

_SENDS = ("SendMessage", "SendMessageBatch")
_DELETIONS = ("DeleteMessage", "DeleteMessageBatch", "PurgeQueue")
_QUEUE_CHANGES = ("CreateQueue", "SetQueueAttributes", "AddPermission", "RemovePermission", "TagQueue", "UntagQueue")
_GUARDED = ("_collect_msgs", "_dlq_sweep", "_expire_retained")


class QueueJournal:
    """Messages sent and deleted, and queues.

    Entries are `[queue ARN, message id, message or null]` and `[queue ARN, null, queue or null]`.
    """

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
        for name in _QUEUE_CHANGES:
            actions[name] = self._journalling_queue(actions[name])
        actions["DeleteQueue"] = self._journalling_deletion(actions["DeleteQueue"])
        upstream.replace(sqs, "_delete_messages_for_esm", self._journalling_consumption)
        upstream.replace(eventbridge, "_dispatch_to_sqs", self._journalling_delivery)

    def replay(self) -> int:
        """Apply what was sent and deleted, and what became of the queues themselves; number of changes applied."""
        messages: dict[str, dict[str, Any]] = {}
        applied = 0
        for arn, message_id, value in self.files.entries():
            if message_id is None:
                applied += _restore_queue(arn, value)
                if value is None:
                    messages.pop(arn, None)
                continue
            queue = sqs._queue_by_arn(arn)
            if queue is None:
                continue
            if arn not in messages:
                messages[arn] = {message["id"]: message for message in queue["messages"]}
            applied += _restore_message(messages[arn], message_id, value)
        for arn, held in messages.items():
            sqs._queue_by_arn(arn)["messages"] = list(held.values())
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

    def _journalling_queue(self, act: Any) -> Any:
        def act_and_journal(request: dict[str, Any], queue_url: str) -> Any:
            with self._lock:
                answer = act(request, queue_url)
                url = (answer or {}).get("QueueUrl") or request.get("QueueUrl", queue_url)
                self._write_queue(sqs._get_q(url))
                return answer

        return act_and_journal

    def _journalling_deletion(self, act: Any) -> Any:
        def act_and_journal(request: dict[str, Any], queue_url: str) -> Any:
            with self._lock:
                arn = sqs._get_q(request.get("QueueUrl", queue_url))["attributes"]["QueueArn"]
                answer = act(request, queue_url)
                self.files.append([line_of([arn, None, None])])
                return answer

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

    def _write_queue(self, queue: dict[str, Any]) -> None:
        """Journals the queue as it is now, but for its messages, which have lines of their own."""
        alone = {name: value for name, value in queue.items() if name != "messages"}
        self.files.append([line_of([queue["attributes"]["QueueArn"], None, alone])])


def _restore_message(held: dict[str, Any], message_id: str, message: Any) -> bool:
    if message is None:
        return held.pop(message_id, None) is not None
    return held.setdefault(message_id, message) is message


def _restore_queue(arn: str, queue: Any) -> bool:
    """Whether the queue had to be added, changed or removed."""
    existing = sqs._queue_by_arn(arn)
    scope = parse_arn(arn)
    if queue is None:
        if existing is not None:
            sqs._queue_name_to_url.pop_scoped(scope.account_id, scope.region, existing["name"], None)
            sqs._queues.pop_scoped(scope.account_id, scope.region, existing["url"], None)
        return existing is not None
    if existing is not None:
        changed = any(existing.get(name) != value for name, value in queue.items())
        existing.update(queue)
        return changed
    sqs._queues.set_scoped(scope.account_id, scope.region, queue["url"], {**queue, "messages": []})
    sqs._queue_name_to_url.set_scoped(scope.account_id, scope.region, queue["name"], queue["url"])
    return True
