"""Append-only files between two snapshots of a service: what is written here survives the death of this process."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

logger = logging.getLogger("contourflow.journal")


class Journal:
    """The files `<name>-<n>.jsonl` of one folder, one JSON value a line."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._lock = threading.Lock()
        self._number = max((_number(path) for path in self._files()), default=0)
        self._file: FileIO | None = None
        self.lines = 0

    def append(self, lines: list[str]) -> None:
        """Write the lines in one piece; a crash leaves all of them or nothing."""
        if not lines:
            return
        with self._lock:
            if self._file is None:
                self._open(self._number + 1)
            assert self._file is not None, "opened above"
            # Handing it to the kernel survives the death of this process; only a power cut needs more.
            self._file.write("".join(line + "\n" for line in lines).encode())
            self.lines += len(lines)

    def start_new_file(self) -> int:
        """Continue in a new file; returns its number, for `drop_before` after the snapshot is on disk."""
        with self._lock:
            if self._file is None or self.lines > 0:
                self._open(self._number + 1)
            return self._number

    def drop_before(self, number: int) -> None:
        """Remove the files that a finished snapshot covers."""
        for path in self._files():
            if _number(path) < number:
                path.unlink(missing_ok=True)

    def entries(self) -> Iterator[Any]:
        """All entries of all files, oldest first. A last line cut short by a crash was never acknowledged."""
        for path in self._files():
            with path.open(encoding="utf-8") as file:
                for line in file:
                    try:
                        yield json.loads(line)
                    except ValueError:
                        logger.warning("an unfinished line of %s was skipped", path.name)

    def close(self) -> None:
        """Close the current file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _open(self, number: int) -> None:
        if self._file is not None:
            self._file.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number, self.lines = number, 0
        self._file = (self._folder / f"{self._name}-{number}.jsonl").open("ab", buffering=0)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._name}-*.jsonl"), key=_number)


def line_of(entry: Any) -> str:
    """An entry as a journal holds it."""
    return json.dumps(entry, separators=(",", ":"))


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


class ServiceJournal(Protocol):
    """What one service writes between two of its snapshots."""

    files: Journal

    def install(self) -> None:
        """Write from now on."""

    def replay(self) -> int:
        """Apply what was written to the state as loaded from the snapshot; number of changes applied."""
