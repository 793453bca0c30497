"""Networks from plain numbers, and weights from files. Nothing a user wrote is ever evaluated."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.unet import UNet
from torch import Tensor, nn

from .contracts import Json
from .errors import TrainerError
from .regions import channel_pairs
from .specs import NetworkDefinition, Preprocessing, RegionClass

StateDict = dict[str, Tensor]


@dataclass(frozen=True)
class SourceModel:
    """Weights to start from, and the regions their output channels stand for."""

    name: str
    weights: StateDict
    classes: Sequence[RegionClass]


def monai_arguments(definition: NetworkDefinition, class_count: int) -> Json:
    """MONAI's own arguments for a 3D network with one input channel and background + class_count outputs."""
    shape = {"spatial_dims": 3, "in_channels": 1, "out_channels": class_count + 1}
    if definition["name"] == "UNet":
        return shape | {
            "channels": definition["channels"],
            "strides": definition["strides"],
            "num_res_units": definition["numResUnits"],
            "norm": definition["norm"],
            "dropout": definition["dropout"],
        }
    return shape | {
        "init_filters": definition["initFilters"],
        "blocks_down": definition["blocksDown"],
        "blocks_up": definition["blocksUp"],
    }


def build_network(definition: NetworkDefinition, class_count: int) -> nn.Module:
    """Raises InvalidParameters with MONAI's reason when the numbers do not fit each other."""
    arguments = monai_arguments(definition, class_count)
    try:
        network: nn.Module = UNet(**arguments) if definition["name"] == "UNet" else SegResNet(**arguments)
    except (ValueError, IndexError, RuntimeError) as error:
        raise TrainerError(
            "InvalidParameters", f"the {definition['name']} cannot be built: {error}; correct the network's numbers"
        ) from error
    return network


def check_patch_size(definition: NetworkDefinition, preprocessing: Preprocessing) -> None:
    """Every level must halve evenly, or skip connections would not fit.  Raises InvalidParameters."""
    if definition["name"] == "UNet":
        factor = int(torch.tensor(definition["strides"]).prod())
    else:
        factor = 2 ** (len(definition["blocksDown"]) - 1)
    odd = [size for size in preprocessing.patch_size if size % factor]
    if odd:
        raise TrainerError(
            "InvalidParameters",
            f"patchSize {list(preprocessing.patch_size)} must be multiples of {factor}, "
            f"by which this {definition['name']} shrinks an image; choose the next multiple",
        )


def read_weights(path: Path, name: str) -> StateDict:
    """A state dict, bare or under "model" or "state_dict".  Raises InvalidModel; never runs pickled code."""
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
        raise TrainerError(
            "InvalidModel", f"the weights of {name} cannot be read safely ({type(error).__name__}); export them again"
        ) from error
    for wrapper in ("model", "state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    tensors = (
        {str(key).removeprefix("module."): value for key, value in loaded.items()} if isinstance(loaded, dict) else {}
    )
    if not tensors or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise TrainerError("InvalidModel", f"the weights of {name} are not a state dict; export them as one")
    return tensors


def load_exactly(network: nn.Module, weights: StateDict, name: str) -> None:
    """Raises InvalidModel unless every tensor fits."""
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainerError(
            "InvalidModel", f"the weights of {name} do not fit the network: {error}; check its definition and classes"
        ) from error


def transfer_weights(
    network: nn.Module,
    definition: NetworkDefinition,
    target_classes: Sequence[RegionClass],
    source: SourceModel,
) -> tuple[int, int]:
    """Starts `network` from another model: (tensors taken over, tensors left as initialised).

    Tensors are matched by name; where an axis stands for the output channels, channel by channel through the
    region names, so that classes may be added, removed or reordered.  Raises InvalidModel when nothing fits.
    """
    pairs = channel_pairs(source.classes, target_classes)
    channel_axes = output_channel_axes(definition, len(target_classes))
    state = network.state_dict()
    taken = 0
    for key, target in state.items():
        tensor = source.weights.get(key)
        if tensor is not None and _copy(target, tensor, channel_axes[key], pairs, len(source.classes) + 1):
            taken += 1
    if taken == 0:
        raise TrainerError(
            "InvalidModel",
            f"no tensor of {source.name} fits this {definition['name']}; start from a model with the same network",
        )
    return taken, len(state) - taken


def output_channel_axes(definition: NetworkDefinition, class_count: int) -> dict[str, list[int]]:
    """Tensor name -> axes that grow with the number of outputs, found by comparing two sizes of network."""
    with torch.device("meta"):
        small = build_network(definition, class_count).state_dict()
        large = build_network(definition, class_count + 1).state_dict()
    return {
        key: [axis for axis in range(tensor.dim()) if tensor.shape[axis] != large[key].shape[axis]]
        for key, tensor in small.items()
    }


def _copy(target: Tensor, source: Tensor, axes: list[int], pairs: list[tuple[int, int]], source_channels: int) -> bool:
    expected = [source_channels if axis in axes else size for axis, size in enumerate(target.shape)]
    if list(source.shape) != expected:
        return False
    if not axes:
        target.copy_(source)
        return True
    from_index = torch.tensor([pair[0] for pair in pairs])
    to_index = torch.tensor([pair[1] for pair in pairs])
    from_grid = [from_index if axis in axes else torch.arange(size) for axis, size in enumerate(target.shape)]
    to_grid = [to_index if axis in axes else torch.arange(size) for axis, size in enumerate(target.shape)]
    target[torch.meshgrid(*to_grid, indexing="ij")] = source[torch.meshgrid(*from_grid, indexing="ij")]
    return True
