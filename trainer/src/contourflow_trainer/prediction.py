"""A network at work on a whole volume, window by window."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from monai.inferers import sliding_window_inference
from torch import Tensor, nn

from .precision import Precision
from .specs import Preprocessing
from .stop import StopSignal
from .transforms import IMAGE, PREDICTION, compose, image_transforms, label_map_transforms

OVERLAP = 0.25
WINDOWS_AT_ONCE = 4


@dataclass(frozen=True)
class Predictor:
    """A network with what it needs to see images as it did in training. Asks for a stop at every window."""

    network: nn.Module
    preprocessing: Preprocessing
    precision: Precision
    stop: StopSignal

    def logits(self, image: Tensor) -> Tensor:
        """image: prepared, (1, I, J, K) -> float32 (C, I, J, K) on the CPU, windows blended by a Gaussian."""

        def predict(windows: Tensor) -> Tensor:
            self.stop.check()
            with self.precision.context():
                result: Tensor = self.network(windows)
            return result.float()

        self.network.eval()
        with torch.inference_mode():
            blended: Any = sliding_window_inference(
                image[None],
                roi_size=self.preprocessing.patch_size,
                sw_batch_size=WINDOWS_AT_ONCE,
                predictor=predict,
                overlap=OVERLAP,
                mode="gaussian",
                sw_device=self.precision.device,
                device=torch.device("cpu"),
            )
        return torch.as_tensor(blended)[0]

    def label_map_file(self, image: Path, channel_values: list[int], folder: Path) -> Path:
        """Writes the label map of one image file, on that file's own grid, into an empty `folder`."""
        before = compose(image_transforms(self.preprocessing))
        after = compose(label_map_transforms(channel_values, str(folder)), preprocessing=before)
        item: Any = before({IMAGE: str(image)})
        after({IMAGE: item[IMAGE], PREDICTION: self.logits(item[IMAGE].as_tensor())})
        return next(folder.glob("*.nii*"))
