"""Log lines for people and for metric filters: one event per line, a stable name first."""

import sys
from collections.abc import Mapping

_FIXED_FROM = 0.001


def log(event: str, text: str = "", values: Mapping[str, object] | None = None, **more: object) -> None:
    """Writes `Event: text key=value ...` to stdout at once; floats get four decimals."""
    pairs = [f"{key}={_short(value)}" for key, value in (more | dict(values or {})).items()]
    print(f"{event}:", *([text] if text else []), *pairs, flush=True)


def log_failure(code: str, message: str) -> None:
    """The one line that tells why the job ended: `error <Code>: <sentence>`."""
    sys.stdout.flush()
    print(f"error {code}: {' '.join(message.split())}", flush=True)


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) >= _FIXED_FROM or value == 0 else f"{value:.3g}"
    text = str(value)
    return f'"{text}"' if " " in text else text
