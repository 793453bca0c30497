"""The only way this package touches ministack: by name, and loudly when a name is gone."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from types import ModuleType
from typing import Any

MINISTACK_VERSION = "1.5.33"


class UpstreamChanged(RuntimeError):
    """A private name of ministack that a module of this package replaces no longer exists."""


def require_version() -> None:
    """Refuse any ministack but the pinned one: private names move between its releases.

    Raises:
        UpstreamChanged: another version is installed.
    """
    installed = metadata.version("ministack")
    if installed != MINISTACK_VERSION:
        raise UpstreamChanged(
            f"ministack {installed} is installed, the wrapper is written for {MINISTACK_VERSION}; "
            "install local/emulator/requirements.txt into the virtual environment"
        )


def require(module: ModuleType, name: str) -> Any:
    """The attribute `name` of an upstream module.

    Raises:
        UpstreamChanged: the module has no such attribute any more.
    """
    try:
        return getattr(module, name)
    except AttributeError:
        raise UpstreamChanged(
            f"{module.__name__}.{name} is gone from ministack {metadata.version('ministack')}; "
            f"the wrapper replaces it, so it works only with {MINISTACK_VERSION}"
        ) from None


def replace(module: ModuleType, name: str, make: Callable[[Any], Any]) -> Any:
    """Put `make(original)` in the place of `module.name`, and return the original.

    Every function of ministack looks up its neighbours in its module at call time, so a replacement is seen
    by all callers in that module; a module that imported the name holds its own copy and is replaced separately.
    """
    original = require(module, name)
    setattr(module, name, make(original))
    return original
