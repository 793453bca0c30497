"""A job's output as CloudWatch Logs, while it runs: the output file is followed line by line."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from ministack.services import cloudwatch_logs

from . import upstream

for _name in ("_put_log_events", "_create_log_group", "_create_log_stream", "_log_groups"):
    upstream.require(cloudwatch_logs, _name)

DEFAULT_LOG_GROUP = "/aws/batch/job"
# CloudWatch Logs takes 256 KiB an event; a longer line arrives in pieces.
_LONGEST_EVENT = 200_000
_INTERVAL_S = 0.5


def log_destination(definition: dict[str, Any], task_id: str) -> tuple[str, str]:
    """Log group and stream of one attempt: `<prefix>/default/<task id>`, the prefix being the definition's name."""
    configuration = (definition.get("containerProperties") or {}).get("logConfiguration") or {}
    options = configuration.get("options") or {}
    prefix = options.get("awslogs-stream-prefix") or definition["jobDefinitionName"]
    return options.get("awslogs-group") or DEFAULT_LOG_GROUP, f"{prefix}/default/{task_id}"


class LogFollower:
    """Copies what is appended to a file to a log stream, at most half a second late, until `finish`.

    Must be made in the context (account, region) that owns the log group.
    """

    def __init__(self, path: Path, group: str, stream: str) -> None:
        self._path, self._group, self._stream = path, group, stream
        self._offset = 0
        self._rest = b""
        self._ended = threading.Event()
        if group not in cloudwatch_logs._log_groups:
            cloudwatch_logs._create_log_group({"logGroupName": group})
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})

    def follow(self) -> None:
        """Copy until `finish` is called, then copy what is left; runs on its own thread."""
        while not self._ended.wait(_INTERVAL_S):
            self._copy(last=False)
        self._copy(last=True)

    def finish(self) -> None:
        """Let `follow` return after the end of the file."""
        self._ended.set()

    def _copy(self, *, last: bool) -> None:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if last and self._rest:
            lines.append(self._rest)
        now = int(time.time() * 1000)
        events = [
            {"timestamp": now, "message": piece}
            for line in lines
            for piece in _pieces(line.decode("utf-8", "replace").rstrip("\r"))
        ]
        if events:
            cloudwatch_logs._put_log_events(
                {"logGroupName": self._group, "logStreamName": self._stream, "logEvents": events}
            )


def _pieces(line: str) -> list[str]:
    # An event has at least one character; AWS drops empty lines too.
    return [line[i : i + _LONGEST_EVENT] for i in range(0, len(line), _LONGEST_EVENT)]
