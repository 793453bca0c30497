"""Function workers: their own credentials, the Node.js first on PATH, the AWS SDK, and a bounded number of processes.

Stock ministack starts one process for every concurrent invocation; a hundred parallel requests are a hundred
Node.js starts, which no small machine survives. Here invocations beyond the bound wait for a free worker.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from . import upstream
from .principals import issue_credentials
from .settings import SERVER_NAMES

# The JavaScript packages a Node.js runtime of AWS Lambda brings along; handlers of the CDK rely on them.
_RUNTIME_PACKAGES = ("@aws-sdk", "@smithy", "@aws")
_REPOSITORY_PACKAGES = Path(__file__).resolve().parents[3] / "node_modules"

# ministack keeps one worker of each function for ever, some 100 MB each; here an idle one ends too.
_IDLE_S = 600.0

# A function that (indirectly) calls itself could wait for its own worker; after this it gets an extra one instead.
_LONGEST_WAIT_S = 120.0


for _name in ("_lock", "_workers", "kill_workers"):
    upstream.require(lambda_runtime, _name)


class NodeMissing(RuntimeError):
    """No `node` on PATH, so no function can run."""


def install(workers_per_function: int, scratch: Path) -> None:
    """Give every worker its own credentials and let at most `workers_per_function` of a function run at a time."""
    offer_runtime_packages(scratch)
    upstream.replace(lambda_runtime, "execution_credentials", lambda _original: function_credentials)
    upstream.replace(lambda_svc, "execution_credentials", lambda _original: function_credentials)
    upstream.replace(lambda_runtime, "_detect_runtime_binary", _first_node_on_path)
    upstream.replace(lambda_runtime, "reap_idle_workers", lambda _original: reap_idle_workers)
    upstream.replace(lambda_svc, "reap_idle_workers", lambda _original: reap_idle_workers)
    upstream.replace(lambda_runtime, "subprocess", lambda _original: _WorkerSubprocess)
    upstream.replace(lambda_svc, "_execute_function_warm", lambda run: _bounded(run, workers_per_function))


def offer_runtime_packages(scratch: Path) -> None:
    """Let handlers find the AWS SDK of this checkout, and nothing else of its packages.

    Workers unpack their code below `scratch`, and Node.js looks for packages in the folders above a file. What an
    earlier run left there is removed first: its workers are gone.
    """
    for leftover in scratch.iterdir():
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
    offered = scratch / "node_modules"
    offered.mkdir()
    for name in _RUNTIME_PACKAGES:
        if (_REPOSITORY_PACKAGES / name).is_dir():
            (offered / name).symlink_to(_REPOSITORY_PACKAGES / name)
    # The worker is CommonJS; a data folder inside a checkout would lend it that checkout's "type": "module".
    (scratch / "package.json").write_text('{"type": "commonjs"}\n', encoding="utf-8")


def node_on_path() -> str:
    """Absolute path of the first `node` on PATH.

    Raises:
        NodeMissing: there is none.
    """
    found = shutil.which("node")
    if found is None:
        raise NodeMissing("no node on PATH; start the emulator through npm, which supplies Node.js 24")
    return found


def reap_idle_workers(idle_s: float = _IDLE_S) -> int:
    """End the workers that have done nothing for `idle_s` seconds; their number. ministack calls it periodically."""
    oldest = time.time() - idle_s
    idle = []
    with lambda_runtime._lock:
        for key, workers in list(lambda_runtime._workers.items()):
            kept = [worker for worker in workers if worker.in_use or worker.last_used > oldest]
            idle += [worker for worker in workers if worker not in kept]
            lambda_runtime._workers[key] = kept
    lambda_runtime.kill_workers(idle)
    return len(idle)


def function_credentials(config: dict[str, Any]) -> dict[str, str]:
    """SDK environment variables of one function, from its name and its execution role."""
    return issue_credentials("lambda", config.get("FunctionName", "unknown"), config.get("Role", ""))


class _WorkerSubprocess:
    """Stands for the subprocess module where workers are started: their environment is without the server's names.

    A function's own variable of the same name still reaches it: the worker script sets those once more.
    """

    PIPE = subprocess.PIPE
    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def Popen(command: list[str], *, env: dict[str, str], **options: Any) -> subprocess.Popen[str]:  # noqa: N802
        """Start a worker."""
        kept = {name: value for name, value in env.items() if name not in SERVER_NAMES}
        return subprocess.Popen(command, env=kept, **options)


def _first_node_on_path(detect: Any) -> Any:
    def binary_and_script(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (node_on_path() if binary == "node" else binary), script

    return binary_and_script


def _bounded(run: Any, workers: int) -> Any:
    places: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(workers))

    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        place = places[(func.get("config") or func).get("FunctionName", "unknown")]
        got_place = place.acquire(timeout=_LONGEST_WAIT_S)
        try:
            return run(func, event, request_id)
        finally:
            if got_place:
                place.release()

    return execute
