"""Device and arithmetic: float32 on a CPU; mixed precision on a GPU when asked for and when it can be trusted."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from .console import log

_MAX_RELATIVE_ERROR = 0.05
_AMPERE = (8, 0)


@dataclass(frozen=True)
class Precision:
    """autocast: dtype of mixed precision or None; scale: whether gradients need scaling (float16 only)."""

    device: torch.device
    autocast: torch.dtype | None
    scale: bool

    def context(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, dtype=self.autocast or torch.bfloat16, enabled=self.autocast is not None
        )


def choose_precision(amp: bool) -> Precision:
    """bfloat16 from Ampere on, else float16 with gradient scaling; float32 when the self-test of either fails."""
    if not torch.cuda.is_available():
        return Precision(torch.device("cpu"), None, False)
    device = torch.device("cuda")
    torch.backends.cudnn.benchmark = True
    if not amp:
        return Precision(device, None, False)
    dtype = torch.bfloat16 if torch.cuda.get_device_capability() >= _AMPERE else torch.float16
    error = convolution_error(device, dtype)
    trusted = error <= _MAX_RELATIVE_ERROR
    log("Precision", dtype=str(dtype), relative_error=error, used=trusted, cudnn=cudnn_version())
    return Precision(device, dtype if trusted else None, trusted and dtype == torch.float16)


def convolution_error(device: torch.device, dtype: torch.dtype) -> float:
    """Largest error of a 3D convolution in `dtype` against float32, relative to the largest value.

    Some cuDNN releases return wrong bfloat16 convolutions on large inputs without an error.
    """
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(2, 16, 96, 96, 96, generator=generator).to(device)
    kernel = torch.randn(16, 16, 3, 3, 3, generator=generator).to(device)
    exact = functional.conv3d(image, kernel, padding=1)
    with torch.autocast(device.type, dtype=dtype):
        mixed = functional.conv3d(image, kernel, padding=1).float()
    return float((mixed - exact).abs().max() / exact.abs().max())


def cudnn_version() -> str:
    version: Any = torch.backends.cudnn.version
    return str(version())


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({torch.get_num_threads()} threads)"
