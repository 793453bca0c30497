"""Dice plus cross entropy for cases of which some regions were never drawn."""

import torch
from monai.losses import DiceCELoss
from torch import Tensor, nn

_SMOOTH = 1e-5
"""MONAI's default, above and below the line."""


class PartialLabelLoss(nn.Module):
    """MONAI's DiceCELoss; for patches with ignored regions its form for partial labels, the marginal loss.

    A voxel of such a patch that is labelled background is background or an ignored region, nobody knows which.  So
    cross entropy takes the sum of their probabilities as the probability of background, and Dice, taken over the
    batch, leaves the pairs (patch, ignored region) out.  With nothing ignored both forms are the same number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._full = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False, batch=True)

    def forward(self, logits: Tensor, label: Tensor, ignored: Tensor | None) -> Tensor:
        """logits: (B, C, I, J, K); label: class indices (B, 1, I, J, K), none of an ignored class.

        ignored: bool (B, C), True where the patch says nothing about the class; None where that is nowhere.
        """
        if ignored is None:
            full: Tensor = self._full(logits, label)
            return full
        log_probability = torch.log_softmax(logits, dim=1)
        return _marginal_cross_entropy(log_probability, label, ignored) + _known_dice(log_probability, label, ignored)


def _marginal_cross_entropy(log_probability: Tensor, label: Tensor, ignored: Tensor) -> Tensor:
    merged = ignored.clone()
    merged[:, 0] = True
    kept_out = ~merged[:, :, None, None, None]
    background = torch.logsumexp(log_probability.masked_fill(kept_out, -torch.inf), dim=1, keepdim=True)
    return nn.functional.nll_loss(torch.cat([background, log_probability[:, 1:]], dim=1), label[:, 0].long())


def _known_dice(log_probability: Tensor, label: Tensor, ignored: Tensor) -> Tensor:
    """Mean over the foreground classes that at least one patch knows; 0 when there is none."""
    classes = torch.arange(1, log_probability.shape[1], device=label.device)
    truth = (label == classes[None, :, None, None, None]).to(log_probability.dtype)
    probability = log_probability[:, 1:].exp()
    known = ~ignored[:, 1:]

    def total(values: Tensor) -> Tensor:
        return (values.sum(dim=(2, 3, 4)) * known).sum(dim=0)

    overlap, size = total(probability * truth), total(probability) + total(truth)
    dice_loss = 1 - (2 * overlap + _SMOOTH) / (size + _SMOOTH)
    counted = known.any(dim=0)
    return (dice_loss * counted).sum() / counted.sum().clamp(min=1)
