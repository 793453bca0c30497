"""Host processes by pid and start time, on disk: how a later start ends what a killed emulator left running.

A pid alone may by then belong to a stranger; pid and start time together never do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessIdentity:
    """One process: `started` is its kernel start time, an opaque text that is equal for the same process only."""

    pid: int
    started: str


def identify(pid: int) -> ProcessIdentity | None:
    """Identity of a live process; None when no such process exists or it is a zombie that only awaits its parent."""
    started = _started_linux(pid) if sys.platform == "linux" else _started_elsewhere(pid)
    return None if started is None else ProcessIdentity(pid, started)


def is_alive(process: ProcessIdentity) -> bool:
    """Whether exactly this process still runs."""
    return identify(process.pid) == process


def end_group(process: ProcessIdentity, grace_s: float) -> bool:
    """End the process group that `process` leads: SIGTERM to the leader, up to `grace_s` seconds, SIGKILL to all.

    Returns:
        False when the process no longer existed (nothing was signalled), else True.
    """
    if not is_alive(process):
        return False
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_group(process.pid, signal.SIGKILL)
    return True


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process group; one that is gone already is no error."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


class ProcessRecord:
    """The file `processes.json`: job id -> process. Every change is on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._processes = _read(path)

    def add(self, job_id: str, process: ProcessIdentity) -> None:
        """Remember the process of a job that has just started."""
        with self._lock:
            self._processes[job_id] = process
            self._write()

    def remove(self, job_id: str) -> None:
        """Forget the process of a job that has ended."""
        with self._lock:
            if self._processes.pop(job_id, None) is not None:
                self._write()

    def end_all(self, grace_s: float) -> dict[str, bool]:
        """End every recorded process that still lives; job id -> whether one was found alive."""
        with self._lock:
            ended = {job_id: end_group(process, grace_s) for job_id, process in self._processes.items()}
            self._processes = {}
            self._write()
        return ended

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._path.with_suffix(".tmp")
        scratch.write_text(json.dumps({job: asdict(process) for job, process in self._processes.items()}))
        scratch.replace(self._path)


def _read(path: Path) -> dict[str, ProcessIdentity]:
    try:
        return {job: ProcessIdentity(**entry) for job, entry in json.loads(path.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _started_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The command name may hold spaces and brackets; the fields after the last ")" are state (3rd) ... start (22nd).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else f"{boot}:{fields[19]}"


def _started_elsewhere(pid: int) -> str | None:
    asked = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    )
    state, _, started = asked.stdout.strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None
