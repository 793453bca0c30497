"""Nothing listens beyond this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Emulator

LISTENING = "0A"
LOOPBACK = "0100007F"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc/net/tcp")
def test_every_listener_is_on_the_loopback_address(emulator: Emulator) -> None:
    assert emulator.process is not None
    folder = Path(f"/proc/{emulator.process.pid}/fd")
    sockets = {str(entry.readlink()).removeprefix("socket:[").rstrip("]") for entry in folder.iterdir()}
    listeners = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in sockets:
                address, port = fields[1].split(":")
                listeners.append((address, int(port, 16)))
    assert sorted(listeners) == sorted([(LOOPBACK, emulator.port), (LOOPBACK, emulator.web_port)])
