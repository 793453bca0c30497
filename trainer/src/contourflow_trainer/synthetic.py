"""A small synthetic dataset in a folder of objects: for self checks on a new machine, and for tests."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np
import numpy.typing as npt

from .contracts import SCHEMA_VERSION, Json, canonical_json, check_document, sha256_hex
from .objects import FolderObjectStore, ObjectStore
from .starter_bundle import NETWORK

CLASSES: list[Json] = [
    {"index": 1, "maskValue": 10, "name": "Liver"},
    {"index": 2, "maskValue": 20, "name": "Spleen"},
    {"index": 3, "maskValue": 30, "name": "Kidney"},
]
PROJECT = "synthetic"
_EXTENT_MM = 64.0
# Region: centre (mm), half axes (mm), value (HU). Values overlap with the distractors below.
_REGIONS = [
    ((20.0, 30.0, 40.0), (10.0, 12.0, 12.0), 60.0),
    ((46.0, 36.0, 42.0), (7.0, 8.5, 9.5), 105.0),
    ((44.0, 38.0, 17.0), (8.0, 8.0, 9.0), 150.0),
]
_DISTRACTORS = [((32.0, 50.0, 30.0), 105.0), ((24.0, 44.0, 14.0), 150.0), ((42.0, 14.0, 30.0), 60.0)]
_NOISE_HU = 15.0


@dataclass(frozen=True)
class SyntheticDataset:
    """Where the objects are, and the manifest that names them."""

    store: ObjectStore
    root: Path
    manifest: Json
    manifest_ref: Json = field(default_factory=dict)

    def spec_data(self) -> Json:
        """The part of a spec that names the dataset."""
        return {
            "schemaVersion": SCHEMA_VERSION,
            "project": PROJECT,
            "datasetId": self.manifest_ref["sha256"][:32],
            "manifest": self.manifest_ref,
            "imageTag": "image",
            "labelTag": "label",
            "classes": self.manifest["classes"],
        }


def write_dataset(root: Path, split: tuple[int, int, int] = (8, 2, 2), seed: int = 0) -> SyntheticDataset:
    """split: training, validation and test cases.  About 64 mm wide; spacing and axis directions vary."""
    store = FolderObjectStore(root)
    partitions = [
        name for name, count in zip(("training", "validation", "test"), split, strict=True) for _ in range(count)
    ]
    items = [_item(store, seed, number, partition) for number, partition in enumerate(partitions)]
    manifest = {
        "schemaVersion": SCHEMA_VERSION,
        "project": PROJECT,
        "definitionId": "synthetic",
        "criteria": {},
        "split": {"seed": seed, "training": 0.7, "validation": 0.15, "test": 0.15},
        "classes": CLASSES,
        "spacingMm": [2.0, 2.0, 2.0],
        "units": "HU",
        "items": items,
    }
    return publish_manifest(store, root, manifest)


def publish_manifest(store: ObjectStore, root: Path, manifest: Json) -> SyntheticDataset:
    check_document("dataset-manifest", manifest)
    text = canonical_json(manifest)
    return SyntheticDataset(store, root, manifest, put_object(store, f"datasets/{sha256_hex(text)}.json", text))


def put_object(store: ObjectStore, key: str, data: bytes) -> Json:
    store.write(key, data)
    return {"key": key, "sha256": sha256_hex(data), "sizeBytes": len(data)}


def training_spec(dataset: SyntheticDataset, run_id: str, **parameters: object) -> Json:
    """A spec with the defaults of the contract, changed by `parameters`."""
    defaults: Json = {
        "maxEpochs": 40,
        "validationInterval": 8,
        "learningRate": 0.01,
        "weightDecay": 1e-5,
        "batchSize": 2,
        "patchesPerVolume": 2,
        "seed": 0,
        "amp": False,
    }
    return dataset.spec_data() | {
        "kind": "train",
        "engine": "monai",
        "runId": run_id,
        "network": NETWORK,
        "preprocessing": preprocessing_json(),
        "parameters": defaults | parameters,
        "initialWeights": None,
        "outputPrefix": f"runs/{run_id}/",
    }


def preprocessing_json() -> Json:
    return {
        "spacingMm": [2.0, 2.0, 2.0],
        "intensity": {"lower": -160, "upper": 240},
        "patchSize": [32, 32, 32],
    }


def _item(store: ObjectStore, seed: int, number: int, partition: str) -> Json:
    image, mask, affine = make_case(np.random.default_rng([seed, number]))
    case_id = sha256_hex(f"{seed}-{number}".encode())[:32]
    files = {
        "image": put_object(store, f"cases/{case_id}/image.nii.gz", nifti_bytes(image, affine)),
        "label": put_object(store, f"cases/{case_id}/label.nii.gz", nifti_bytes(mask, affine)),
    }
    subject = f"SUBJECT_{number:03d}"
    return {
        "caseId": case_id,
        "subject": subject,
        "session": f"SESSION_{number:03d}",
        "partition": partition,
        "files": files,
    }


def nifti_bytes(volume: npt.NDArray[np.generic], affine: npt.NDArray[np.float64]) -> bytes:
    return gzip.compress(nibabel.Nifti1Image(volume, affine).to_bytes(), compresslevel=4, mtime=0)


def make_case(
    random: np.random.Generator,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """image (HU), mask (values of CLASSES) and affine to RAS mm; each region has a distractor of its own value."""
    spacing = random.uniform(1.8, 2.2, 3)
    size = np.round(_EXTENT_MM / spacing).astype(int)
    centres = [(np.arange(n) + 0.5) * step for n, step in zip(size, spacing, strict=True)]
    grid = list(np.meshgrid(*centres, indexing="ij"))
    image = np.full(size, -1000.0)
    image[_ellipsoid(grid, (32, 32, 32), (30, 27, 60))] = -90.0
    mask = np.zeros(size, dtype=np.uint8)
    for centre, value in _DISTRACTORS:
        image[_ellipsoid(grid, np.add(centre, random.uniform(-2, 2, 3)), random.uniform(5, 7, 3))] = value
    for region, (centre, radii, value) in zip(CLASSES, _REGIONS, strict=True):
        inside = _ellipsoid(
            grid, np.add(centre, random.uniform(-2, 2, 3)), np.multiply(radii, random.uniform(0.9, 1.1, 3))
        )
        image[inside] = value
        mask[inside] = region["maskValue"]
    image += random.normal(0, _NOISE_HU, size)
    affine = np.diag([*spacing, 1.0])
    for axis in range(3):
        if random.integers(2):
            image, mask = np.flip(image, axis), np.flip(mask, axis)
            affine[:3, 3] += affine[:3, axis] * (size[axis] - 1)
            affine[:3, axis] *= -1
    return np.ascontiguousarray(image.astype(np.int16)), np.ascontiguousarray(mask), affine


def _ellipsoid(
    grid: list[npt.NDArray[np.float64]], centre: npt.ArrayLike, radii: npt.ArrayLike
) -> npt.NDArray[np.bool_]:
    offsets = [
        (axis - middle) / radius
        for axis, middle, radius in zip(grid, np.asarray(centre), np.asarray(radii), strict=True)
    ]
    return np.asarray(sum(offset**2 for offset in offsets) < 1)
