"""Turns SIGTERM and SIGINT into a flag that long work asks between its steps."""

import signal
from types import FrameType

from .errors import StopRequestedError


class StopSignal:
    """Set by a signal (or by a test); never interrupts a step, so nothing is left half written."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def check(self) -> None:
        """Raises StopRequestedError when a signal has arrived."""
        if self.requested:
            raise StopRequestedError

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
