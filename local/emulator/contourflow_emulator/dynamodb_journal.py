"""No acknowledged DynamoDB write is lost: every change of an item is appended to a journal before it is answered.

The journal holds after-images, so that replaying a part of it twice does no harm. A snapshot of the tables starts
a new journal file and removes the older ones once it is on disk.
"""

from __future__ import annotations

import json
import logging
import threading
from io import FileIO
from pathlib import Path
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import dynamodb

from . import upstream

for _name in ("_tables", "_set_item", "_remove_item", "_transact_write_items"):
    upstream.require(dynamodb, _name)

logger = logging.getLogger("contourflow.journal")


class _OpenTransaction(threading.local):
    """The changes of the transaction this thread applies, if it applies one."""

    changes: list[str] | None = None


class DynamoDbJournal:
    """Append-only files `dynamodb-<n>.jsonl` in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._number = max((_number(path) for path in self._files()), default=0)
        self._file: FileIO | None = None
        self._transaction = _OpenTransaction()
        self.lines = 0

    def install(self) -> None:
        """Write after-images from now on."""
        upstream.replace(dynamodb, "_set_item", self._journalling_set)
        upstream.replace(dynamodb, "_remove_item", self._journalling_remove)
        upstream.replace(dynamodb, "_transact_write_items", self._journalling_transaction)

    def start_new_file(self) -> int:
        """Continue in a new file; returns its number, for `drop_before` after the snapshot is on disk."""
        with self._lock:
            self._open(self._number + 1)
            return self._number

    def drop_before(self, number: int) -> None:
        """Remove the files that a finished snapshot covers."""
        for path in self._files():
            if _number(path) < number:
                path.unlink(missing_ok=True)

    def replay(self) -> int:
        """Apply all files, oldest first, to the tables as loaded from the snapshot; number of changes applied.

        A last line cut short by a crash was never acknowledged and is skipped; so are tables that no longer exist.
        """
        applied = 0
        for path in self._files():
            with path.open(encoding="utf-8") as file:
                for line in file:
                    applied += _apply(line)
        return applied

    def close(self) -> None:
        """Close the current file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

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
                self._write(changes)

        return transact_and_journal

    def _append(self, table: dict[str, Any], pk: Any, sk: Any, item: dict[str, Any] | None) -> None:
        line = json.dumps([table["TableArn"], table.get("TableId"), pk, sk, item], separators=(",", ":"))
        if self._transaction.changes is None:
            self._write([line])
        else:
            self._transaction.changes.append(line)

    def _write(self, lines: list[str]) -> None:
        if not lines:
            return
        with self._lock:
            if self._file is None:
                self._open(self._number + 1)
            assert self._file is not None, "opened above"
            # Handing it to the kernel survives the death of this process; only a power cut needs more.
            self._file.write("".join(line + "\n" for line in lines).encode())
            self.lines += len(lines)

    def _open(self, number: int) -> None:
        if self._file is not None:
            self._file.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number, self.lines = number, 0
        self._file = (self._folder / f"dynamodb-{number}.jsonl").open("ab", buffering=0)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("dynamodb-*.jsonl"), key=_number)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def _apply(line: str) -> int:
    try:
        table_arn, table_id, pk, sk, item = json.loads(line)
    except ValueError:
        logger.warning("an unfinished journal line was skipped")
        return 0
    arn = parse_arn(table_arn)
    table = dynamodb._tables.get_scoped(arn.account_id, arn.region, arn.resource.split("/", 1)[1])
    if table is None or table.get("TableId") != table_id:
        return 0
    if item is None:
        dynamodb._remove_item(table, pk, sk)
    else:
        dynamodb._set_item(table, pk, sk, item)
    return 1
