"""Serves the emulator (and the browser's origin) on 127.0.0.1 until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack_app

from . import upstream
from .settings import LOOPBACK, Settings

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


_RECLAIM_PREFIX = "/_contourflow/batch/reclaim/"


@dataclass(frozen=True)
class Hooks:
    """What the server calls: `after_start` on its own thread once AWS is served; `reclaim_host(job_id)` on request.

    `POST /_contourflow/batch/reclaim/<job id>` does to a running job what the loss of its Spot host does.
    """

    after_start: Callable[[], None]
    reclaim_host: Callable[[str], bool]


async def serve_until_stopped(settings: Settings, hooks: Hooks, web_app: AsgiApp) -> None:
    """Run the servers until a signal asks them to end."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    servers = [serve(_emulator(hooks), _config(settings.port), shutdown_trigger=stopped.wait)]
    if settings.web_port is not None:
        servers.append(serve(web_app, _config(settings.web_port), shutdown_trigger=stopped.wait))
    await asyncio.gather(*servers)


def _config(port: int) -> Config:
    config = Config()
    config.bind = [f"{LOOPBACK}:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 3
    config.loglevel = "WARNING"
    return config


def _emulator(hooks: Hooks) -> AsgiApp:
    inner = upstream.require(ministack_app, "app")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_RECLAIM_PREFIX) and scope["method"] == "POST":
            found = hooks.reclaim_host(scope["path"].removeprefix(_RECLAIM_PREFIX))
            await send({"type": "http.response.start", "status": 202 if found else 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["type"] != "lifespan":
            # Looked up at call time: other modules of this package wrap it too.
            await ministack_app.app(scope, receive, send)
            return

        async def announce(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                asyncio.get_running_loop().run_in_executor(None, hooks.after_start)

        await inner(scope, receive, announce)

    return application
