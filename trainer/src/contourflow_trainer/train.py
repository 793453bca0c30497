"""`train`: a training spec -> checkpoints, curves and, last, `result.json`."""

import platform
import time
from collections.abc import Sequence
from pathlib import Path

import monai
import torch

from . import __version__
from .checkpoint import Trained, save_weights
from .clock import now_iso
from .console import log
from .contracts import SCHEMA_VERSION, Json, canonical_json, check_document, parse_document
from .dataset import DatasetItem, download_items, read_items, select
from .errors import MissingObjectError, TrainerError
from .networks import SourceModel, build_network, check_patch_size, read_weights, transfer_weights
from .objects import ObjectStore, fetch, publish
from .precision import Precision, choose_precision, cudnn_version, device_name
from .records import RunRecords
from .sampling import PatchSource, seed_initial_weights
from .settings import Settings
from .specs import ObjectRef, TrainingSpec, parse_training_spec
from .stop import StopSignal
from .training_run import RunContext, TrainingRun, new_scaler
from .volumes import Volume, prepare_volumes


def train(spec_text: bytes, store: ObjectStore, settings: Settings, stop: StopSignal) -> None:
    """Raises TrainerError, or StopRequestedError after saving."""
    started = time.monotonic()
    spec = parse_training_spec(spec_text)
    check_patch_size(spec.network, spec.preprocessing)
    if _already_finished(store, spec):
        log("Done", "result.json of this very spec exists; nothing to do")
        return
    precision = choose_precision(spec.parameters.amp)
    log("Start", action="train", run=spec.run_id, attempt=settings.job_attempt, device=device_name(precision.device))
    items = read_items(store, spec.data, settings.work_dir)
    training = _volumes(store, spec, select(items, "training"), settings.work_dir, stop)
    validation = _volumes(store, spec, select(items, "validation"), settings.work_dir, stop)
    _check_regions_present(spec, training, "training")
    _check_regions_present(spec, validation, "validation")
    log("Data", training=len(training), validation=len(validation), seconds=time.monotonic() - started)
    patches = PatchSource(training, len(spec.classes), spec.preprocessing.patch_size, spec.parameters)
    records = RunRecords(store, spec.output_prefix, settings.work_dir, settings.job_attempt)
    context = RunContext(store, records, stop, precision, settings.work_dir, settings.checkpoint_seconds, started)
    trained = _initial_state(store, spec, settings.work_dir, precision)
    run = TrainingRun(spec, trained, patches, validation, context)
    run.run()
    _publish_result(spec, run, trained, context)


def _volumes(
    store: ObjectStore, spec: TrainingSpec, items: Sequence[DatasetItem], work_dir: Path, stop: StopSignal
) -> list[Volume]:
    local = download_items(store, items, work_dir, stop)
    return prepare_volumes(local, spec.preprocessing, spec.classes, work_dir, stop)


def _already_finished(store: ObjectStore, spec: TrainingSpec) -> bool:
    try:
        text = store.read(f"{spec.output_prefix}result.json")
    except MissingObjectError:
        return False
    return bool(parse_document("training-result", text)["specSha256"] == spec.sha256)


def _check_regions_present(spec: TrainingSpec, volumes: Sequence[Volume], partition: str) -> None:
    """A region no training case shows cannot be learnt, one no validation case shows cannot be judged."""
    for region in spec.classes:
        present = sum(1 for volume in volumes if len(volume.class_indices[region.index]) > 0)
        if present == 0 and partition == "training":
            raise TrainerError(
                "IncompleteDataset",
                f'no {partition} case shows region "{region.name}" (mask value {region.mask_value}); '
                "add cases that have it or leave it out of the label map",
            )
        if present < len(volumes):
            ignored = sum(1 for volume in volumes if region.index in volume.ignored)
            where = f"is in {present} of {len(volumes)} {partition} cases and ignored in {ignored}"
            log("Warning", f'region "{region.name}" {where}')


def _initial_state(store: ObjectStore, spec: TrainingSpec, work_dir: Path, precision: Precision) -> Trained:
    seed_initial_weights(spec.parameters.seed)
    network = build_network(spec.network, len(spec.classes))
    initial = spec.initial_weights
    if initial is not None:
        weights = read_weights(fetch(store, initial.ref, work_dir / "initial.pt"), initial.name)
        taken, left = transfer_weights(
            network, spec.network, spec.classes, SourceModel(initial.name, weights, initial.classes)
        )
        log("InitialWeights", model=initial.name, tensors_taken=taken, tensors_new=left)
    network.to(precision.device)
    parameters = spec.parameters
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=parameters.learning_rate, weight_decay=parameters.weight_decay
    )
    return Trained(network, optimizer, new_scaler(precision))


def _publish_result(spec: TrainingSpec, run: TrainingRun, trained: Trained, context: RunContext) -> None:
    last_path = context.work_dir / "final.pt"
    save_weights(last_path, trained.network)
    last = publish(context.store, last_path, f"{spec.output_prefix}checkpoints/final.pt")
    run.save()
    result = _result(spec, run, last, context)
    check_document("training-result", result)
    context.store.write(f"{spec.output_prefix}result.json", canonical_json(result))
    log(
        "Done",
        best_dice=run.progress.best_dice,
        best_epoch=run.progress.best_epoch,
        cpu_seconds=round(run.progress.cpu_seconds, 1),
        wall_seconds=round(run.progress.wall_seconds, 1),
    )


def _result(spec: TrainingSpec, run: TrainingRun, last: ObjectRef, context: RunContext) -> Json:
    progress, epochs = run.progress, spec.parameters.max_epochs
    best = ObjectRef(f"{spec.output_prefix}checkpoints/best.pt", progress.best_sha256, progress.best_size_bytes)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "runId": spec.run_id,
        "specSha256": spec.sha256,
        "finishedAt": now_iso(),
        "epochs": epochs,
        "iterations": progress.iteration,
        "resumes": progress.resumes,
        "bestValidationDice": progress.best_dice,
        "bestEpoch": progress.best_epoch,
        "cpuSeconds": round(progress.cpu_seconds, 3),
        "wallSeconds": round(progress.wall_seconds, 3),
        "device": device_name(context.precision.device),
        "versions": {
            "contourflow-trainer": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "monai": monai.__version__,
            "cudnn": cudnn_version(),
        },
        "checkpoints": [
            _checkpoint("best", progress.best_epoch, progress.best_dice, best),
            _checkpoint("last", epochs, progress.last_dice, last),
        ],
    }


def _checkpoint(role: str, epoch: int, validation_dice: float | None, weights: ObjectRef) -> Json:
    return {
        "checkpointId": role,
        "role": role,
        "epoch": epoch,
        "validationDice": validation_dice,
        "weights": weights.to_json(),
    }
