"""`python -m contourflow_emulator`: start the local AWS in the foreground. Settings: `settings.read_settings`."""

from __future__ import annotations

import asyncio
import sys

from .settings import InvalidSettings, apply_environment, read_settings
from .upstream import UpstreamChanged, require_version


def main() -> int:
    """Run until SIGTERM or SIGINT; exit code 0 after a clean stop, 2 when it cannot start."""
    try:
        settings = read_settings()
        require_version()
        apply_environment(settings)
        from .web_origin import WebOrigin
        from .wrapper import install

        wrapper = install(settings)
    except (InvalidSettings, UpstreamChanged) as problem:
        print(f"contourflow-emulator: {problem}", file=sys.stderr)
        return 2
    from .server import Hooks, serve_until_stopped

    hooks = Hooks(wrapper.after_start, wrapper.jobs.reclaim_host)
    asyncio.run(serve_until_stopped(settings, hooks, WebOrigin(settings.endpoint)))
    wrapper.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
