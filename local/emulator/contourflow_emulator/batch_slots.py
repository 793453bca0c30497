"""The places in which jobs run: a fixed number, given out in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class Slots:
    """First come, first served; a waiting job can give up its turn."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._line: deque[str] = deque()
        self._changed = threading.Condition()

    def join(self, job_id: str) -> None:
        """Stand at the end of the line."""
        with self._changed:
            self._line.append(job_id)

    def wait_for_turn(self, job_id: str, given_up: Callable[[], bool]) -> bool:
        """Wait until `job_id` is first and a slot is free, and take it; False when `given_up()` became true."""
        with self._changed:
            while not (self._free and self._line[0] == job_id):
                if given_up():
                    self._line.remove(job_id)
                    self._changed.notify_all()
                    return False
                self._changed.wait(timeout=0.5)
            self._line.popleft()
            self._free -= 1
            self._changed.notify_all()
            return True

    def release(self) -> None:
        """Give a slot back."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those in line look again whether they should give up."""
        with self._changed:
            self._changed.notify_all()
