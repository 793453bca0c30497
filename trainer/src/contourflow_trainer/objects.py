"""Where a job reads and writes: one interface, a folder here, S3 in `s3_objects.py`."""

import hashlib
import os
from pathlib import Path
from typing import Protocol

from .errors import MissingObjectError, TrainerError
from .specs import ObjectRef

_CHUNK_BYTES = 1 << 20


class ObjectStore(Protocol):
    """Objects by key. A write is complete or absent, never partial. A missing key raises MissingObjectError."""

    def read(self, key: str) -> bytes: ...

    def download(self, key: str, path: Path) -> None: ...

    def upload(self, path: Path, key: str) -> None: ...

    def write(self, key: str, data: bytes) -> None: ...


class FolderObjectStore:
    """Objects as files below one folder: for tests and for work without AWS."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise MissingObjectError(key) from error

    def download(self, key: str, path: Path) -> None:
        data = self.read(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def upload(self, path: Path, key: str) -> None:
        self.write(key, path.read_bytes())

    def write(self, key: str, data: bytes) -> None:
        write_atomically(self._path(key), data)

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root):
            raise TrainerError("InvalidRequest", f'object key "{key}" points outside the store; use a plain key')
        return path


def write_atomically(path: Path, data: bytes) -> None:
    """A reader, or a restart after a crash, sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def fetch(store: ObjectStore, ref: ObjectRef, path: Path) -> Path:
    """Downloads an object and checks size and SHA-256; a file already there with this digest is kept.

    Raises NotFound or DigestMismatch.
    """
    if path.exists() and _digest(path) == ref.sha256:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.download(ref.key, path)
    except MissingObjectError as error:
        raise TrainerError("NotFound", f"object {ref.key} is missing from the store; save its owner again") from error
    digest = _digest(path)
    if digest != ref.sha256:
        raise TrainerError(
            "DigestMismatch",
            f"object {ref.key} has SHA-256 {digest}, expected {ref.sha256}; it was changed or damaged: restore it",
        )
    return path


def publish(store: ObjectStore, path: Path, key: str) -> ObjectRef:
    """Uploads a file and tells what must be found under its key from now on."""
    ref = ObjectRef(key, _digest(path), path.stat().st_size)
    store.upload(path, key)
    return ref


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
