"""No acknowledged DynamoDB write is lost: every change of an item is appended to a journal before it is answered.

The journal holds after-images, so that replaying a part of it twice does no harm. A snapshot of the tables starts
a new journal file and removes the older ones once it is on disk.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import dynamodb

from . import upstream
from .journal import Journal, line_of

for _name in ("_tables", "_set_item", "_remove_item", "_transact_write_items"):
    upstream.require(dynamodb, _name)


class _OpenTransaction(threading.local):
    """The changes of the transaction this thread applies, if it applies one."""

    changes: list[str] | None = None


class DynamoDbJournal:
    """Changes of items."""

    def __init__(self, folder: Path) -> None:
        self.files = Journal(folder, "dynamodb")
        self._transaction = _OpenTransaction()

    def install(self) -> None:
        """Write after-images from now on."""
        upstream.replace(dynamodb, "_set_item", self._journalling_set)
        upstream.replace(dynamodb, "_remove_item", self._journalling_remove)
        upstream.replace(dynamodb, "_transact_write_items", self._journalling_transaction)

    def replay(self) -> int:
        """Apply all changes to the tables, but to those that no longer exist; number of changes applied."""
        return sum(_apply(entry) for entry in self.files.entries())

    def _journalling_set(self, set_item: Any) -> Any:
        def set_and_journal(table: dict[str, Any], pk: Any, sk: Any, item: dict[str, Any]) -> Any:
            old = set_item(table, pk, sk, item)
            self._append(table, pk, sk, item)
            return old

        return set_and_journal

    def _journalling_remove(self, remove_item: Any) -> Any:
        def remove_and_journal(table: dict[str, Any], pk: Any, sk: Any) -> Any:
            old = remove_item(table, pk, sk)
            if old is not None:
                self._append(table, pk, sk, None)
            return old

        return remove_and_journal

    def _journalling_transaction(self, transact: Any) -> Any:
        """A transaction is one write to the file, so that a crash leaves all of it or nothing."""

        def transact_and_journal(request: dict[str, Any]) -> Any:
            changes = self._transaction.changes = []
            try:
                return transact(request)
            finally:
                self._transaction.changes = None
                self.files.append(changes)

        return transact_and_journal

    def _append(self, table: dict[str, Any], pk: Any, sk: Any, item: dict[str, Any] | None) -> None:
        line = line_of([table["TableArn"], table.get("TableId"), pk, sk, item])
        if self._transaction.changes is None:
            self.files.append([line])
        else:
            self._transaction.changes.append(line)


def _apply(entry: Any) -> int:
    table_arn, table_id, pk, sk, item = entry
    arn = parse_arn(table_arn)
    table = dynamodb._tables.get_scoped(arn.account_id, arn.region, arn.resource.split("/", 1)[1])
    if table is None or table.get("TableId") != table_id:
        return 0
    if item is None:
        dynamodb._remove_item(table, pk, sk)
    else:
        dynamodb._set_item(table, pk, sk, item)
    return 1
