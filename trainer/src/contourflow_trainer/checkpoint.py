"""The state of a run in one file, so that the next attempt goes on as if nothing had happened."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .console import log
from .errors import MissingObjectError, TrainerError
from .networks import StateDict
from .objects import ObjectStore, write_atomically


@dataclass
class Progress:
    """Where a run stands.

    iteration: steps done.  validated_epoch: last epoch whose validation is done, -1 before the first.
    loss_sum, loss_count: of the epoch under way.  last_dice: of the last validation; -1 before the first.
     cpu_seconds, wall_seconds, resumes: over all attempts.
    """

    iteration: int = 0
    validated_epoch: int = -1
    loss_sum: float = 0.0
    loss_count: int = 0
    last_dice: float = -1.0
    best_dice: float = -1.0
    best_epoch: int = -1
    best_sha256: str = ""
    best_size_bytes: int = 0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    resumes: int = 0


@dataclass(frozen=True)
class Trained:
    """The objects whose state makes a run; the optimizer's step count and moments included."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


def save_checkpoint(path: Path, spec_sha256: str, trained: Trained, progress: Progress) -> None:
    """Atomic: after a crash the file is the previous checkpoint or this one."""
    state = {
        "spec_sha256": spec_sha256,
        "network": trained.network.state_dict(),
        "optimizer": trained.optimizer.state_dict(),
        "scaler": trained.scaler.state_dict(),
        "progress": asdict(progress),
    }
    write_atomically(path, _serialised(state))


def save_weights(path: Path, network: nn.Module) -> None:
    """A bare state dict on the CPU, as MONAI bundles hold it."""
    weights: StateDict = {key: value.detach().cpu() for key, value in network.state_dict().items()}
    write_atomically(path, _serialised(weights))


def load_checkpoint(store: ObjectStore, key: str, path: Path, spec_sha256: str, trained: Trained) -> Progress | None:
    """Restores `trained` from the store; None, and nothing changed, when there is no checkpoint of this very spec."""
    try:
        store.download(key, path)
    except MissingObjectError:
        return None
    state = _read(path)
    if state["spec_sha256"] != spec_sha256:
        log("Resume", "the stored checkpoint belongs to another spec; starting from the beginning")
        return None
    trained.network.load_state_dict(state["network"])
    trained.optimizer.load_state_dict(state["optimizer"])
    trained.scaler.load_state_dict(state["scaler"])
    return Progress(**state["progress"])


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError) as error:
        raise TrainerError(
            "TrainingFailed", "the stored checkpoint cannot be read; delete checkpoints/last.pt to start again"
        ) from error
    return state


def _serialised(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
