"""Time as the results state it."""

import resource
from datetime import UTC, datetime


def now_iso() -> str:
    """UTC, milliseconds, `Z`: the form the contracts accept."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cpu_seconds() -> float:
    """User and system time of this process and of the children it has waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
