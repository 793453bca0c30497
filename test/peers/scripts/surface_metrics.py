"""Metrics of two label maps by surface-distance: for each label Dice, surface Dice, HD95 and mean distance."""

import json
import sys

import nibabel
import numpy as np
import surface_distance

reference, other = (nibabel.load(name) for name in sys.argv[1:3])
tolerance = float(sys.argv[3])
spacing = [float(value) for value in reference.header.get_zooms()[:3]]
a, b = (np.asarray(image.dataobj) for image in (reference, other))
result = {}
for value in sorted(set(np.unique(a)) | set(np.unique(b))):
    if value == 0:
        continue
    distances = surface_distance.compute_surface_distances(a == value, b == value, spacing)
    result[int(value)] = {
        "dice": float(surface_distance.compute_dice_coefficient(a == value, b == value)),
        "surfaceDice": float(
            surface_distance.compute_surface_dice_at_tolerance(distances, tolerance)
        ),
        "hd95": float(surface_distance.compute_robust_hausdorff(distances, 95)),
        "mean": [float(v) for v in surface_distance.compute_average_surface_distance(distances)],
    }
print(json.dumps(result))
