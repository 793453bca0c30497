"""The few `aws s3` commands that the CDK's BucketDeployment function calls, run inside its process with boto3.

Loaded by path into a function worker (see `bucket_deployment.py`), so it imports nothing of this package.
"""

from __future__ import annotations

import fnmatch
import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

_TYPES = {
    ".wasm": "application/wasm",
    ".mjs": "text/javascript",
    ".map": "application/json",
    ".json": "application/json",
}
_HEADERS = {
    "--cache-control": "CacheControl",
    "--content-disposition": "ContentDisposition",
    "--content-encoding": "ContentEncoding",
    "--content-language": "ContentLanguage",
    "--content-type": "ContentType",
}


class UnknownCommand(ValueError):
    """BucketDeployment calls the AWS CLI in a way this module does not know."""


def run(words: list[str]) -> None:
    """Run `aws <words>`: s3 cp (download), s3 sync (upload), s3 rm --recursive, configure set (no effect).

    Raises:
        UnknownCommand: any other command or option.
    """
    if words[:2] == ["configure", "set"]:
        return
    command = words[1] if len(words) > 1 and words[0] == "s3" else None
    if command == "cp":
        _download(*words[2:4])
    elif command == "rm" and words[3:] == ["--recursive"]:
        _remove(*_split(words[2]), keep=set())
    elif command == "sync":
        _sync(words[2:])
    else:
        raise UnknownCommand(f"aws {' '.join(words)}")


def _download(source: str, target: str) -> None:
    bucket, key = _split(source)
    path = Path(target)
    boto3.client("s3").download_file(bucket, key, str(path / key.rsplit("/", 1)[-1] if path.is_dir() else path))


def _sync(words: list[str]) -> None:
    places: list[str] = []
    filters: list[tuple[bool, str]] = []
    extra: dict[str, Any] = {}
    delete = False
    rest = iter(words)
    for word in rest:
        if word == "--delete":
            delete = True
        elif word in ("--exclude", "--include"):
            filters.append((word == "--include", next(rest)))
        elif word == "--metadata":
            extra["Metadata"] = json.loads(next(rest))
        elif word == "--metadata-directive":
            next(rest)
        elif word in _HEADERS:
            extra[_HEADERS[word]] = next(rest)
        elif word.startswith("--"):
            raise UnknownCommand(f"aws s3 sync {word}")
        else:
            places.append(word)
    folder, (bucket, prefix) = Path(places[0]), _split(places[1])
    prefix = f"{prefix.rstrip('/')}/" if prefix else ""
    s3 = boto3.client("s3")
    names = [name for name in _files(folder) if _wanted(name, filters)]
    for name in names:
        typed = {"ContentType": _content_type(name), **extra}
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=(folder / name).read_bytes(), **typed)
    if delete:
        _remove(bucket, prefix, keep={prefix + name for name in names}, filters=filters)


def _remove(bucket: str, prefix: str, keep: set[str], filters: list[tuple[bool, str]] | None = None) -> None:
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            if key not in keep and _wanted(key[len(prefix) :], filters or []):
                s3.delete_object(Bucket=bucket, Key=key)


def _files(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder).as_posix()) for path in sorted(folder.rglob("*")) if path.is_file())


def _wanted(name: str, filters: list[tuple[bool, str]]) -> bool:
    """Everything is wanted unless a filter says otherwise; of those that match, the last one decides."""
    verdicts = [included for included, pattern in filters if fnmatch.fnmatch(name, pattern)]
    return verdicts[-1] if verdicts else True


def _content_type(name: str) -> str:
    suffix = Path(name).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
