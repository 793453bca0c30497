"""No acknowledged start of an execution is lost: it is appended to a journal before it is answered.

A snapshot of all executions takes too long to be made for each start. An execution that is in the journal only is
one that ran when the emulator died, and is ended like those of the snapshot.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import stepfunctions as sfn

from . import upstream
from .journal import Journal, line_of

upstream.require(sfn, "_executions")


class ExecutionJournal:
    """Executions as they were when they had just been started."""

    def __init__(self, folder: Path) -> None:
        self.files = Journal(folder, "stepfunctions")

    def install(self) -> None:
        """Write each start from now on."""
        upstream.replace(sfn, "_start_execution", self._journalling_start)

    def replay(self) -> int:
        """Add the executions that no snapshot has seen, as running; their number."""
        return sum(_add(execution) for execution in self.files.entries())

    def _journalling_start(self, start: Any) -> Any:
        def start_and_journal(request: dict[str, Any]) -> Any:
            answer = start(request)
            status, _headers, body = answer
            if status == 200:
                execution = sfn._executions.get(json.loads(body)["executionArn"])
                self.files.append([line_of(_as_started(execution))])
            return answer

        return start_and_journal


def _as_started(execution: dict[str, Any]) -> dict[str, Any]:
    begun = {"status": "RUNNING", "stopDate": None, "output": None, "mockAttempts": {}}
    return {**execution, **begun, "events": execution["events"][:1]}


def _add(execution: dict[str, Any]) -> int:
    arn = parse_arn(execution["executionArn"])
    key = (arn.account_id, arn.region, execution["executionArn"])
    if key in sfn._executions._data:
        return 0
    sfn._executions._data[key] = execution
    return 1
