"""Volumes as the network sees them, prepared once and then read from memory-mapped files.

The page cache of the machine decides how much of them stays in memory, so a dataset may be larger than it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
import torch
from monai.transforms import SpatialPad
from torch import Tensor

from .dataset import LocalItem
from .errors import TrainerError
from .regions import BACKGROUND_CHANNEL, mask_to_channels
from .specs import Preprocessing, RegionClass
from .stop import StopSignal
from .transforms import IMAGE, LABEL, compose, image_transforms, label_transforms

_INDICES_PER_CLASS = 20_000
_GRID_TOLERANCE_MM = 0.01


@dataclass(frozen=True)
class Volume:
    """image: float32 (1, I, J, K) in 0..1; label: uint8 class indices, same shape.

    class_indices: per class, flat positions of some of its voxels, evenly chosen; empty where it is absent.
    ignored: class indices of which the label says nothing: such a region may be anywhere in its background.
    """

    case_id: str
    image: Tensor
    label: Tensor
    class_indices: list[npt.NDArray[np.int64]]
    ignored: frozenset[int] = frozenset()


def prepare_volumes(
    items: Sequence[LocalItem],
    preprocessing: Preprocessing,
    classes: Sequence[RegionClass],
    work_dir: Path,
    stop: StopSignal,
) -> list[Volume]:
    """Reads, resamples and checks each case; asks for a stop between cases.  Raises UnmappedRegion and others."""
    volumes = []
    for item in items:
        stop.check()
        folder = work_dir / "prepared" / item.case_id
        folder.mkdir(parents=True, exist_ok=True)
        volumes.append(_prepare(item, preprocessing, classes, folder))
    return volumes


def _prepare(item: LocalItem, preprocessing: Preprocessing, classes: Sequence[RegionClass], folder: Path) -> Volume:
    check_same_grid(item)
    declared = image_transforms(preprocessing) + label_transforms(preprocessing)
    loaded: Any = compose(declared)({IMAGE: str(item.image), LABEL: str(item.label)})
    image = np.asarray(loaded[IMAGE], dtype=np.float32)
    mask = np.rint(np.asarray(loaded[LABEL])).astype(np.int64)
    label = mask_to_channels(mask, classes, item.case_id)
    ignored = frozenset(region.index for region in classes if item.ignores(region))
    if ignored:
        label[np.isin(label, list(ignored))] = BACKGROUND_CHANNEL
    pad = SpatialPad(spatial_size=preprocessing.patch_size)
    image, label = np.asarray(pad(image)), np.asarray(pad(label))
    return Volume(
        item.case_id,
        _memory_mapped(image, folder / "image.npy"),
        _memory_mapped(label, folder / "label.npy"),
        [_some_indices(label, channel) for channel in range(len(classes) + 1)],
        ignored,
    )


def check_same_grid(item: LocalItem) -> None:
    """Raises IncompleteDataset when image and mask do not lie on one grid."""
    image, label = nibabel.load(item.image), nibabel.load(item.label)
    if image.shape[:3] != label.shape[:3] or not np.allclose(image.affine, label.affine, atol=_GRID_TOLERANCE_MM):
        raise TrainerError(
            "IncompleteDataset",
            f"image and mask of case {item.case_id} lie on different grids ({image.shape} and {label.shape}); "
            "build the case again",
        )


def _memory_mapped(array: npt.NDArray[Any], path: Path) -> Tensor:
    np.save(path, np.ascontiguousarray(array))
    # Copy-on-write, because torch wants writable memory; nothing writes to it.
    return torch.from_numpy(np.load(path, mmap_mode="c"))


def _some_indices(label: npt.NDArray[np.uint8], channel: int) -> npt.NDArray[np.int64]:
    positions = np.flatnonzero(label == channel)
    step = max(1, len(positions) // _INDICES_PER_CLASS)
    return positions[::step]
