"""A frozen dataset on local disk: its manifest, and the files of its items."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .contracts import parse_document
from .errors import TrainerError
from .objects import ObjectStore, fetch
from .specs import DataSource, ObjectRef, RegionClass, parse_ref
from .stop import StopSignal

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class DatasetItem:
    """One case: the refs of its image and of its mask.

    ignored_values: mask values of regions nobody drew in this case, of which nothing is to be learned or scored.
    """

    case_id: str
    partition: str
    image: ObjectRef
    label: ObjectRef
    ignored_values: frozenset[int] = frozenset()


@dataclass(frozen=True)
class LocalItem:
    case_id: str
    image: Path
    label: Path
    ignored_values: frozenset[int] = frozenset()

    def ignores(self, region: RegionClass) -> bool:
        return region.mask_value in self.ignored_values


def read_items(store: ObjectStore, data: DataSource, work_dir: Path) -> list[DatasetItem]:
    """Items of the manifest in their stored order.  Raises NotFound, DigestMismatch or InvalidRequest."""
    path = fetch(store, data.manifest, work_dir / "manifest.json")
    manifest = parse_document("dataset-manifest", path.read_bytes())
    items = []
    for entry in manifest["items"]:
        files = entry["files"]
        missing = [tag for tag in (data.image_tag, data.label_tag) if tag not in files]
        if missing:
            raise TrainerError(
                "IncompleteDataset",
                f"case {entry['caseId']} has no file tagged {missing[0]}, only {sorted(files)}; "
                "correct the tags of the training config or save the dataset again",
            )
        image, label = parse_ref(files[data.image_tag]), parse_ref(files[data.label_tag])
        ignored = frozenset(entry.get("ignoredValues", []))
        items.append(DatasetItem(entry["caseId"], entry["partition"], image, label, ignored))
    return items


def select(items: Sequence[DatasetItem], partition: str) -> list[DatasetItem]:
    """Raises InvalidSplit when the partition is empty."""
    chosen = [item for item in items if item.partition == partition]
    if not chosen:
        raise TrainerError(
            "InvalidSplit",
            f"the dataset has no {partition} case among {len(items)}; add subjects or change the split",
        )
    return chosen


def download_items(
    store: ObjectStore, items: Sequence[DatasetItem], work_dir: Path, stop: StopSignal
) -> list[LocalItem]:
    """Fetches and verifies the files of these items; asks for a stop between items."""
    local = []
    for item in items:
        stop.check()
        folder = work_dir / "items" / item.case_id
        image = fetch(store, item.image, folder / "image")
        label = fetch(store, item.label, folder / "label")
        local.append(LocalItem(item.case_id, _with_ending(image), _with_ending(label), item.ignored_values))
    return local


def _with_ending(path: Path) -> Path:
    """NIfTI readers go by the file name, objects by their digest: the content decides which ending fits."""
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
    named = path.with_name(f"{path.name}.nii.gz" if compressed else f"{path.name}.nii")
    if not named.exists():
        os.link(path, named)
    return named
