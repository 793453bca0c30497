"""Dice on the validation partition, at model spacing."""

from collections.abc import Sequence

import numpy as np

from .prediction import Predictor
from .scoring import dice, mean
from .volumes import Volume


def validate(predictor: Predictor, volumes: Sequence[Volume], class_count: int) -> list[float | None]:
    """Mean Dice of each class over the volumes that do not ignore it; None where neither truth nor answer has any."""
    scores: list[list[float | None]] = [[] for _ in range(class_count)]
    for volume in volumes:
        prediction = predictor.logits(volume.image).argmax(0).numpy()
        truth = np.asarray(volume.label[0])
        for channel in range(1, class_count + 1):
            if channel in volume.ignored:
                continue
            scores[channel - 1].append(dice(prediction == channel, truth == channel))
    return [mean(cases) for cases in scores]
