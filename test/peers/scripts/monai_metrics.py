"""Metrics of two label maps by MONAI: for each label Dice, HD95 and symmetric mean surface distance."""

import json
import sys

# scipy comes from the environment of the peers: the trainer, whose MONAI this is, does without it.
sys.path.append(sys.argv[4])

import nibabel
import numpy as np
import torch
from monai.metrics import DiceMetric, compute_average_surface_distance, compute_hausdorff_distance

reference, other = (nibabel.load(name) for name in sys.argv[1:3])
spacing = [float(value) for value in reference.header.get_zooms()[:3]]
a, b = (np.asarray(image.dataobj) for image in (reference, other))
result = {}
for value in sorted(set(np.unique(a)) | set(np.unique(b))):
    if value == 0:
        continue
    truth, found = (torch.from_numpy(image == value)[None, None].float() for image in (a, b))
    result[int(value)] = {
        "dice": float(DiceMetric()(found, truth)),
        "hd95": float(
            compute_hausdorff_distance(
                found, truth, include_background=True, percentile=95, spacing=spacing
            )
        ),
        "mean": float(
            compute_average_surface_distance(
                found, truth, include_background=True, symmetric=True, spacing=spacing
            )
        ),
    }
print(json.dumps(result))
