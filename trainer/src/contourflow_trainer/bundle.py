"""A MONAI bundle on disk: what `python -m monai.bundle run` needs, and nothing of ours."""

import json
import platform
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import monai
import numpy as np
import torch
from torch import nn

from .checkpoint import save_weights
from .contracts import Json
from .model_card import render_model_card
from .networks import monai_arguments
from .prediction import OVERLAP, WINDOWS_AT_ONCE
from .regions import prediction_values
from .specs import NetworkDefinition, Preprocessing, RegionClass
from .transforms import image_transforms, label_map_transforms

_RESOURCES = Path(__file__).parent / "resources"
# A fixed date, so that equal contents give an equal zip.
_ZIP_DATE = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class BundleModel:
    """A network with everything a reader must know to use it."""

    name: str
    network: nn.Module
    definition: NetworkDefinition
    preprocessing: Preprocessing
    classes: tuple[RegionClass, ...]
    card: Json


def write_bundle(model: BundleModel, folder: Path) -> None:
    """Fills `folder` with configs/, models/, docs/ and LICENSE."""
    for name in ("configs", "models", "docs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _write_json(folder / "configs" / "inference.json", inference_config(model))
    _write_json(folder / "configs" / "metadata.json", bundle_metadata(model))
    (folder / "configs" / "region2MaskValueMap.txt").write_text(label_map_text(model.classes), encoding="utf-8")
    save_weights(folder / "models" / "model.pt", model.network)
    (folder / "docs" / "README.md").write_text(render_model_card(model.name, model.classes, model.card), "utf-8")
    (folder / "LICENSE").write_text((_RESOURCES / "apache-2.0.txt").read_text())


def zip_bundle(folder: Path, path: Path) -> None:
    """Files in name order with a fixed date, at the root of the zip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(str(file.relative_to(folder)), _ZIP_DATE)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def label_map_text(classes: Sequence[RegionClass]) -> str:
    return "".join(f"{region.name}={region.mask_value}\n" for region in classes)


def inference_config(model: BundleModel) -> Json:
    """Images of `dataset_dir` -> label maps in `output_dir`, with the mask values of the label map."""
    channel_values = prediction_values(model.classes, model.classes)
    arguments = monai_arguments(model.definition, len(model.classes))
    return {
        "imports": ["$import glob", "$import os", "$import torch"],
        "bundle_root": ".",
        "dataset_dir": "$@bundle_root + '/input'",
        "output_dir": "$@bundle_root + '/output'",
        "datalist": "$[{'image': p} for p in sorted(glob.glob(os.path.join(@dataset_dir, '*.nii*')))]",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": {"_target_": model.definition["name"], **arguments},
        "network": "$@network_def.to(@device)",
        "preprocessing": {"_target_": "Compose", "transforms": image_transforms(model.preprocessing)},
        "dataset": {"_target_": "Dataset", "data": "@datalist", "transform": "@preprocessing"},
        "dataloader": {"_target_": "DataLoader", "dataset": "@dataset", "batch_size": 1, "num_workers": 0},
        "inferer": {
            "_target_": "SlidingWindowInferer",
            "roi_size": list(model.preprocessing.patch_size),
            "sw_batch_size": WINDOWS_AT_ONCE,
            "overlap": OVERLAP,
            "mode": "gaussian",
        },
        "postprocessing": {
            "_target_": "Compose",
            "transforms": label_map_transforms(channel_values, "@output_dir"),
        },
        "handlers": [
            {
                "_target_": "CheckpointLoader",
                "load_path": "$@bundle_root + '/models/model.pt'",
                "load_dict": {"model": "@network"},
                "map_location": "@device",
            },
            {"_target_": "StatsHandler", "iteration_log": False},
        ],
        "evaluator": {
            "_target_": "SupervisedEvaluator",
            "device": "@device",
            "val_data_loader": "@dataloader",
            "network": "@network",
            "inferer": "@inferer",
            "postprocessing": "@postprocessing",
            "val_handlers": "@handlers",
        },
        "initialize": ["$os.makedirs(@output_dir, exist_ok=True)"],
        "run": ["$@evaluator.run()"],
    }


def bundle_metadata(model: BundleModel) -> Json:
    """`metadata.json` as MONAI's bundle specification lays it out."""
    channels = {"0": "background"} | {str(region.index): region.name for region in model.classes}
    patch = {"spatial_shape": list(model.preprocessing.patch_size), "dtype": "float32", "is_patch_data": True}
    regions = ", ".join(region.name for region in model.classes)
    return {
        "schema": "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json",
        "version": "0.1.0",
        "changelog": {"0.1.0": "written by Contourflow"},
        "monai_version": monai.__version__,
        "pytorch_version": torch.__version__.split("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {name: metadata.version(name) for name in ("nibabel", "pytorch-ignite", "fire")},
        "supported_apps": {},
        "name": model.name,
        "task": f"Segmentation of {regions}",
        "description": str(model.card.get("description", f"Segments {regions}")),
        "authors": str(model.card.get("authors", "not stated")),
        "copyright": str(model.card.get("copyright", "not stated")),
        "intended_use": str(model.card.get("intendedUse", "Research only; not a medical device")),
        "python_version": platform.python_version(),
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "num_channels": 1,
                    "value_range": [0, 1],
                    "channel_def": {"0": "image"},
                    **patch,
                }
            },
            "outputs": {
                "pred": {
                    "type": "image",
                    "format": "segmentation",
                    "num_channels": len(channels),
                    "value_range": [0, 1],
                    "channel_def": channels,
                    **patch,
                }
            },
        },
    }


def _write_json(path: Path, document: Json) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
