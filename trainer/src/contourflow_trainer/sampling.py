"""Random patches as a function of (seed, epoch, volume): no random state to save, so a run resumes exactly."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
from monai.transforms import (
    Compose,
    RandCropByLabelClassesd,
    RandGaussianNoised,
    RandScaleIntensityd,
    RandShiftIntensityd,
)
from torch import Tensor

from .specs import Parameters, Size
from .transforms import IMAGE, LABEL
from .volumes import Volume

_INDICES = "label_indices"
# First element of each key: the draws of one purpose never equal those of another.
_PATCHES, _ORDER, _STEP, _INITIAL_WEIGHTS = 1, 2, 3, 4


@dataclass(frozen=True)
class Batch:
    """image: float32 (B x patches, 1, I, J, K) in 0..1; label: uint8 class indices, same shape.

    ignored: bool (B x patches, classes + 1), True where the label says nothing about the class; None for nowhere.
    """

    image: Tensor
    label: Tensor
    ignored: Tensor | None


class PatchSource:
    """Batches of class-balanced, lightly augmented patches. Epochs and positions count from 0."""

    def __init__(self, volumes: Sequence[Volume], class_count: int, patch_size: Size, parameters: Parameters) -> None:
        self._volumes = volumes
        self._class_count = class_count
        self._seed = parameters.seed
        self._batch_size = parameters.batch_size
        self._transforms = _random_transforms(class_count, patch_size, parameters.patches_per_volume)

    @property
    def batches_per_epoch(self) -> int:
        return ceil(len(self._volumes) / self._batch_size)

    def batch(self, epoch: int, position: int) -> Batch:
        order = np.random.default_rng(key(self._seed, _ORDER, epoch)).permutation(len(self._volumes))
        chosen = [int(index) for index in order[position * self._batch_size : (position + 1) * self._batch_size]]
        drawn = [(index, patch) for index in chosen for patch in self._patches(epoch, index)]
        patches = [patch for _, patch in drawn]
        return Batch(_stack(patches, IMAGE), _stack(patches, LABEL), self._ignored([index for index, _ in drawn]))

    def _ignored(self, indices: Sequence[int]) -> Tensor | None:
        """indices: the volume that each patch is of."""
        ignored = torch.zeros(len(indices), self._class_count + 1, dtype=torch.bool)
        for patch, index in enumerate(indices):
            ignored[patch, list(self._volumes[index].ignored)] = True
        return ignored if ignored.any() else None

    def _patches(self, epoch: int, index: int) -> list[dict[str, Tensor]]:
        volume = self._volumes[index]
        self._transforms.set_random_state(seed=key(self._seed, _PATCHES, epoch, index))
        item = {IMAGE: volume.image, LABEL: volume.label, _INDICES: volume.class_indices}
        patches: Any = self._transforms(item)
        return list(patches)


def _stack(patches: list[dict[str, Tensor]], name: str) -> Tensor:
    # Plain tensors: MONAI's metadata tensors slow every later operation down and are not needed any more.
    return torch.stack([patch[name].as_subclass(Tensor) for patch in patches])


def seed_initial_weights(seed: int) -> None:
    torch.manual_seed(key(seed, _INITIAL_WEIGHTS))


def seed_step(seed: int, iteration: int) -> None:
    """Before each step, for dropout."""
    torch.manual_seed(key(seed, _STEP, iteration))


def key(*parts: int) -> int:
    """A 32-bit seed that depends on every part."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little")


def _random_transforms(class_count: int, patch_size: Size, patches: int) -> Compose:
    # No flips and no rotations: in the body, left and right are what tells organs apart.
    return Compose(
        [
            RandCropByLabelClassesd(
                keys=[IMAGE, LABEL],
                label_key=LABEL,
                indices_key=_INDICES,
                num_classes=class_count + 1,
                ratios=[1.0] * (class_count + 1),
                spatial_size=patch_size,
                num_samples=patches,
                warn=False,
            ),
            RandScaleIntensityd(keys=IMAGE, factors=0.1, prob=0.5),
            RandShiftIntensityd(keys=IMAGE, offsets=0.1, prob=0.5),
            RandGaussianNoised(keys=IMAGE, prob=0.3, std=0.03),
        ]
    )
