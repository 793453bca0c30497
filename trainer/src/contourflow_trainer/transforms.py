"""How an image reaches the network and how an answer returns to the file's grid.

Declared once, as MONAI bundle configuration; training, evaluation and the exported bundle all use it.
"""

from typing import Any

import monai.transforms
import numpy as np
from monai.transforms import Compose

from .contracts import Json
from .specs import Preprocessing

IMAGE = "image"
LABEL = "label"
PREDICTION = "pred"


def image_transforms(preprocessing: Preprocessing) -> list[Json]:
    """File -> float32 (1, I, J, K), RAS order, spacing_mm, values 0..1, on the grid's own metadata."""
    return [
        {"_target_": "LoadImaged", "keys": IMAGE, "image_only": True, "ensure_channel_first": True},
        {"_target_": "Orientationd", "keys": IMAGE, "axcodes": "RAS", "labels": None},
        {"_target_": "Spacingd", "keys": IMAGE, "pixdim": list(preprocessing.spacing_mm), "mode": "bilinear"},
        {
            "_target_": "ScaleIntensityRanged",
            "keys": IMAGE,
            "a_min": preprocessing.lower,
            "a_max": preprocessing.upper,
            "b_min": 0.0,
            "b_max": 1.0,
            "clip": True,
        },
        {"_target_": "EnsureTyped", "keys": IMAGE, "dtype": "float32"},
    ]


def label_transforms(preprocessing: Preprocessing) -> list[Json]:
    """Mask file -> mask values (1, I, J, K) on the same grid as the image."""
    return [
        {"_target_": "LoadImaged", "keys": LABEL, "image_only": True, "ensure_channel_first": True},
        {"_target_": "Orientationd", "keys": LABEL, "axcodes": "RAS", "labels": None},
        {"_target_": "Spacingd", "keys": LABEL, "pixdim": list(preprocessing.spacing_mm), "mode": "nearest"},
    ]


def label_map_transforms(channel_values: list[int], output_dir: str) -> list[Json]:
    """Logits (C, I, J, K) -> a label map file on the input file's grid.

    channel_values: mask value of each output channel, background first.  Probabilities are brought back by
    linear interpolation before the largest is chosen, so that borders do not step.
    """
    file_type = "uint8" if max(channel_values) <= np.iinfo(np.uint8).max else "uint16"
    return [
        {"_target_": "Activationsd", "keys": PREDICTION, "softmax": True},
        {
            "_target_": "Invertd",
            "keys": PREDICTION,
            "transform": "@preprocessing",
            "orig_keys": IMAGE,
            "nearest_interp": False,
            "to_tensor": True,
        },
        {"_target_": "AsDiscreted", "keys": PREDICTION, "argmax": True},
        {
            "_target_": "MapLabelValued",
            "keys": PREDICTION,
            "orig_labels": list(range(len(channel_values))),
            "target_labels": channel_values,
            "dtype": "int32",
        },
        {
            "_target_": "SaveImaged",
            "keys": PREDICTION,
            "output_dir": output_dir,
            "output_postfix": "seg",
            "output_dtype": file_type,
            "resample": False,
            "separate_folder": False,
            "print_log": False,
        },
    ]


def compose(declared: list[Json], **references: object) -> Compose:
    """Builds MONAI transforms from their declaration; `"@name"` takes the value given for `name`."""
    return Compose([_instantiate(entry, references) for entry in declared])


def _instantiate(entry: Json, references: dict[str, object]) -> Any:
    arguments = {
        key: references[value[1:]] if isinstance(value, str) and value.startswith("@") else value
        for key, value in entry.items()
        if key != "_target_"
    }
    return getattr(monai.transforms, entry["_target_"])(**arguments)
