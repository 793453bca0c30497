"""An untrained MONAI bundle: a model to install when a project has none yet."""

import tempfile
from pathlib import Path

import torch

from .bundle import BundleModel, write_bundle, zip_bundle
from .console import log
from .errors import TrainerError
from .networks import build_network
from .specs import MAX_CLASSES, MAX_MASK_VALUE, NetworkDefinition, Preprocessing, RegionClass

NETWORK: NetworkDefinition = {
    "name": "UNet",
    "channels": [8, 16, 32, 64],
    "strides": [2, 2, 2],
    "numResUnits": 1,
    "norm": "instance",
    "dropout": 0,
}
PREPROCESSING = Preprocessing(spacing_mm=(2.0, 2.0, 2.0), lower=-160.0, upper=240.0, patch_size=(32, 32, 32))


def write_starter_bundle(path: Path, region_values: dict[str, int], seed: int) -> None:
    """region_values: region name -> mask value.  The weights are random, from `seed`."""
    ordered = sorted(region_values.items(), key=lambda entry: entry[1])
    classes = tuple(RegionClass(index, value, name) for index, (name, value) in enumerate(ordered, start=1))
    torch.manual_seed(seed)
    card = {
        "description": "Untrained starting point: the network and its preprocessing, with random weights",
        "intendedUse": "To be trained on a project's own cases; it segments nothing as it is",
        "trainingData": "none",
        "lineage": "none: weights initialised at random",
    }
    network = build_network(NETWORK, len(classes))
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(BundleModel("starter", network, NETWORK, PREPROCESSING, classes, card), Path(folder))
        zip_bundle(Path(folder), path)
    log("Done", "wrote an untrained bundle", path=path, regions=len(classes))


def parse_region_values(text: str) -> dict[str, int]:
    """`Liver=10,Spleen=20` -> names and mask values.  Raises MalformedLabelMap."""
    regions: dict[str, int] = {}
    for entry in text.split(","):
        name, separator, value = entry.rpartition("=")
        if not separator or not name.strip() or not value.strip().isdigit() or not 0 < int(value) <= MAX_MASK_VALUE:
            raise TrainerError(
                "MalformedLabelMap",
                f'"{entry}" is not name=value with a value from 1 to {MAX_MASK_VALUE}, as in Liver=10',
            )
        regions[name.strip()] = int(value)
    if len(set(regions.values())) < len(regions) or len(regions) > MAX_CLASSES:
        raise TrainerError("MalformedLabelMap", "each region needs a mask value of its own; correct --classes")
    return regions
