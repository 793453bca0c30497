"""Regions by identity: mask values to channels, and channels of one model to channels of another."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .errors import TrainerError
from .specs import RegionClass

BACKGROUND_CHANNEL = 0


def folded_name(name: str) -> str:
    """Names compare after NFC, trim, inner-space collapse and case folding, as label maps do."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def channel_pairs(source: Sequence[RegionClass], target: Sequence[RegionClass]) -> list[tuple[int, int]]:
    """(source channel, target channel) of every region both have, background first; never by position."""
    source_channels = {folded_name(region.name): region.index for region in source}
    shared = [
        (source_channels[folded_name(region.name)], region.index)
        for region in target
        if folded_name(region.name) in source_channels
    ]
    return [(BACKGROUND_CHANNEL, BACKGROUND_CHANNEL), *shared]


def mask_to_channels(
    mask: npt.NDArray[np.integer], classes: Sequence[RegionClass], case_id: str
) -> npt.NDArray[np.uint8]:
    """Label map values -> class indices, same shape.

    Raises UnmappedRegion when the mask holds a value that no class has.
    """
    values = np.unique(mask)
    known = {0: BACKGROUND_CHANNEL} | {region.mask_value: region.index for region in classes}
    unknown = [int(value) for value in values if int(value) not in known]
    if unknown:
        raise TrainerError(
            "UnmappedRegion",
            f"the mask of case {case_id} holds {unknown[:5]}, but the classes have {sorted(known)}; "
            "complete the label map and build the case again",
        )
    table = np.zeros(int(values.max()) + 1, dtype=np.uint8)
    for value in values:
        table[int(value)] = known[int(value)]
    channels: npt.NDArray[np.uint8] = table[mask]
    return channels


def prediction_values(source: Sequence[RegionClass], reported: Sequence[RegionClass]) -> list[int]:
    """Mask value to write for each output channel of a model; 0 for regions that are not reported."""
    value_by_name = {folded_name(region.name): region.mask_value for region in reported}
    return [0, *(value_by_name.get(folded_name(region.name), 0) for region in source)]
