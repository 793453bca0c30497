"""The job descriptions as typed values; field names follow the contracts in snake case."""

from dataclasses import dataclass
from typing import Any

from .contracts import Json, parse_document, sha256_hex
from .errors import TrainerError

Spacing = tuple[float, float, float]
Size = tuple[int, int, int]
MAX_MASK_VALUE = 65535
MAX_CLASSES = 255
"""Prepared labels are held as one byte per voxel."""
NetworkDefinition = dict[str, Any]
"""A validated `network` object of a spec: a name and plain numbers."""


@dataclass(frozen=True)
class ObjectRef:
    """An immutable object: where it is and what it must contain."""

    key: str
    sha256: str
    size_bytes: int

    def to_json(self) -> Json:
        return {"key": self.key, "sha256": self.sha256, "sizeBytes": self.size_bytes}


@dataclass(frozen=True)
class RegionClass:
    """index: output channel, from 1; mask_value: voxel value in the files; name: the identity of the region."""

    index: int
    mask_value: int
    name: str


@dataclass(frozen=True)
class Preprocessing:
    """spacing_mm: (3,) in I, J, K of RAS order; intensity lower..upper -> 0..1, clipped; patch_size: voxels."""

    spacing_mm: Spacing
    lower: float
    upper: float
    patch_size: Size


@dataclass(frozen=True)
class Parameters:
    max_epochs: int
    validation_interval: int
    learning_rate: float
    weight_decay: float
    batch_size: int
    patches_per_volume: int
    seed: int
    amp: bool


@dataclass(frozen=True)
class Weights:
    """A state dict in the store and the classes its output channels stand for."""

    name: str
    ref: ObjectRef
    classes: tuple[RegionClass, ...]


@dataclass(frozen=True)
class DataSource:
    """Which dataset a job reads and how: shared by training and evaluation."""

    dataset_id: str
    manifest: ObjectRef
    image_tag: str
    label_tag: str


@dataclass(frozen=True)
class TrainingSpec:
    sha256: str
    run_id: str
    data: DataSource
    classes: tuple[RegionClass, ...]
    network: NetworkDefinition
    preprocessing: Preprocessing
    parameters: Parameters
    initial_weights: Weights | None
    output_prefix: str


@dataclass(frozen=True)
class EvaluationSpec:
    run_id: str
    data: DataSource
    classes: tuple[RegionClass, ...]
    network: NetworkDefinition
    preprocessing: Preprocessing
    candidates: tuple[Weights, ...]
    output_key: str


@dataclass(frozen=True)
class ExportSpec:
    model_version_id: str
    weights: ObjectRef
    classes: tuple[RegionClass, ...]
    network: NetworkDefinition
    preprocessing: Preprocessing
    model_card: Json
    output_prefix: str


def parse_training_spec(text: bytes) -> TrainingSpec:
    document = parse_document("training-spec", text)
    initial = document["initialWeights"]
    return TrainingSpec(
        sha256=sha256_hex(text),
        run_id=document["runId"],
        data=_data(document),
        classes=parse_classes(document["classes"]),
        network=document["network"],
        preprocessing=parse_preprocessing(document["preprocessing"]),
        parameters=_parameters(document["parameters"]),
        initial_weights=_weights(initial, initial["modelVersionId"]) if initial else None,
        output_prefix=document["outputPrefix"],
    )


def parse_evaluation_spec(text: bytes) -> EvaluationSpec:
    document = parse_document("evaluation-spec", text)
    return EvaluationSpec(
        run_id=document["runId"],
        data=_data(document),
        classes=parse_classes(document["classes"]),
        network=document["network"],
        preprocessing=parse_preprocessing(document["preprocessing"]),
        candidates=tuple(_weights(entry, entry["candidateId"]) for entry in document["candidates"]),
        output_key=document["outputKey"],
    )


def parse_export_spec(text: bytes) -> ExportSpec:
    document = parse_document("export-spec", text)
    return ExportSpec(
        model_version_id=document["modelVersionId"],
        weights=parse_ref(document["weights"]),
        classes=parse_classes(document["classes"]),
        network=document["network"],
        preprocessing=parse_preprocessing(document["preprocessing"]),
        model_card=document["modelCard"],
        output_prefix=document["outputPrefix"],
    )


def parse_ref(document: Json) -> ObjectRef:
    return ObjectRef(document["key"], document["sha256"], document["sizeBytes"])


def parse_preprocessing(document: Json) -> Preprocessing:
    lower, upper = document["intensity"]["lower"], document["intensity"]["upper"]
    if lower >= upper:
        raise TrainerError(
            "InvalidParameters",
            f"preprocessing.intensity.lower {lower} must be below upper {upper}; give the range of values in order",
        )
    first, second, third = document["spacingMm"]
    size_i, size_j, size_k = document["patchSize"]
    return Preprocessing((first, second, third), lower, upper, (size_i, size_j, size_k))


def parse_classes(documents: list[Json]) -> tuple[RegionClass, ...]:
    """Classes in channel order; indices must run 1, 2, 3, ... in ascending mask value."""
    classes = tuple(
        sorted((RegionClass(c["index"], c["maskValue"], c["name"]) for c in documents), key=lambda c: c.index)
    )
    values = [region.mask_value for region in classes]
    contiguous = [region.index for region in classes] == list(range(1, len(classes) + 1))
    if not contiguous or values != sorted(set(values)):
        raise TrainerError(
            "InvalidRequest",
            f"class indices {[region.index for region in classes]} with mask values {values} must be 1, 2, 3, ... "
            "in ascending, distinct mask value; save the dataset again",
        )
    if len(classes) > MAX_CLASSES:
        raise TrainerError("InvalidRequest", f"{len(classes)} classes; at most {MAX_CLASSES} can be trained at once")
    return classes


def _data(document: Json) -> DataSource:
    return DataSource(
        document["datasetId"], parse_ref(document["manifest"]), document["imageTag"], document["labelTag"]
    )


def _weights(document: Json, name: str) -> Weights:
    return Weights(name, parse_ref(document["weights"]), parse_classes(document["classes"]))


def _parameters(document: Json) -> Parameters:
    return Parameters(
        max_epochs=document["maxEpochs"],
        validation_interval=document["validationInterval"],
        learning_rate=document["learningRate"],
        weight_decay=document["weightDecay"],
        batch_size=document["batchSize"],
        patches_per_volume=document["patchesPerVolume"],
        seed=document["seed"],
        amp=document["amp"],
    )
