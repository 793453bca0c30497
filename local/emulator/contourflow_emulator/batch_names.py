"""Spelling of AWS Batch structures: camelCase on the wire, PascalCase in CloudFormation and Step Functions.

Keys that belong to the user (tags, job parameters, log driver options) are never respelled.
"""

from __future__ import annotations

from typing import Any

_FREE_KEY_MAPS = frozenset({"tags", "parameters", "options"})


def camel(value: Any) -> Any:
    """`value` with the first letter of every structure key in lower case."""
    return _respell(value, str.lower)


def pascal(value: Any) -> Any:
    """`value` with the first letter of every structure key in upper case."""
    return _respell(value, str.upper)


def _respell(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_respell(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        change(key[:1]) + key[1:]: inner if _free(key, inner) else _respell(inner, change)
        for key, inner in value.items()
    }


def _free(key: str, inner: Any) -> bool:
    return key.lower() in _FREE_KEY_MAPS and isinstance(inner, dict)
