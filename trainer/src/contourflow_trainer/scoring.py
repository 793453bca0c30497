"""Dice: the same rule for validation and for the locked test partition."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def dice(prediction: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float | None:
    """2 |P and T| / (|P| + |T|); None when both are empty, 0 when one is."""
    total = int(prediction.sum()) + int(truth.sum())
    if total == 0:
        return None
    return 2 * int((prediction & truth).sum()) / total


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values that exist; None when none does."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None
