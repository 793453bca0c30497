"""Resamples a volume onto the grid of another with SimpleITK: `linear`, `bspline`, or `labels` (linear per label)."""

import json
import sys

import numpy as np
import SimpleITK

source, grid, kind, out = sys.argv[1:]
moving = SimpleITK.ReadImage(source, SimpleITK.sitkFloat64)
target = SimpleITK.ReadImage(grid)


def onto_grid(image: SimpleITK.Image, interpolator: int) -> SimpleITK.Image:
    filter_ = SimpleITK.ResampleImageFilter()
    filter_.SetReferenceImage(target)
    filter_.SetInterpolator(interpolator)
    filter_.SetUseNearestNeighborExtrapolator(True)
    return filter_.Execute(image)


if kind == "labels":
    values = [int(value) for value in np.unique(SimpleITK.GetArrayFromImage(moving)) if value != 0]
    shares = [
        SimpleITK.GetArrayFromImage(
            onto_grid(
                SimpleITK.Cast(moving == value, SimpleITK.sitkFloat64), SimpleITK.sitkLinear
            )
        )
        for value in values
    ]
    stack = np.stack(shares)
    # Foreground where the labels together reach one half; then the largest, ties to the later.
    winner = len(values) - 1 - np.argmax(stack[::-1], axis=0)
    labels = np.where(stack.sum(axis=0) >= 0.5 - 1e-9, np.array(values)[winner], 0)
    result = SimpleITK.GetImageFromArray(labels.astype(np.float32))
    result.CopyInformation(target)
else:
    interpolator = SimpleITK.sitkLinear if kind == "linear" else SimpleITK.sitkBSpline
    result = SimpleITK.Cast(onto_grid(moving, interpolator), SimpleITK.sitkFloat32)
SimpleITK.WriteImage(result, out)
print(json.dumps("done"))
