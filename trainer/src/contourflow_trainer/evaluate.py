"""`evaluate`: Dice of each candidate on the locked test partition, computed from files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from torch import nn

from .clock import cpu_seconds, now_iso
from .console import log
from .contracts import SCHEMA_VERSION, Json, canonical_json, check_document
from .dataset import LocalItem, download_items, read_items, select
from .errors import TrainerError
from .networks import build_network, check_patch_size, load_exactly, read_weights
from .objects import ObjectStore, fetch
from .precision import choose_precision, device_name
from .prediction import Predictor
from .regions import mask_to_channels, prediction_values
from .scoring import dice, mean
from .settings import Settings
from .specs import EvaluationSpec, RegionClass, Weights, parse_evaluation_spec
from .stop import StopSignal
from .volumes import check_same_grid

CaseScores = list[float | None]


def evaluate(spec_text: bytes, store: ObjectStore, settings: Settings, stop: StopSignal) -> None:
    """Raises TrainerError, or StopRequestedError: an evaluation starts again from its beginning."""
    spec = parse_evaluation_spec(spec_text)
    check_patch_size(spec.network, spec.preprocessing)
    precision = choose_precision(amp=False)
    log("Start", action="evaluate", run=spec.run_id, device=device_name(precision.device))
    items = select(read_items(store, spec.data, settings.work_dir), "test")
    cases = download_items(store, items, settings.work_dir, stop)
    for case in cases:
        check_same_grid(case)
    candidates = []
    for number, candidate in enumerate(spec.candidates):
        network = _load(store, spec, candidate, settings.work_dir / f"candidate-{number}.pt")
        predictor = Predictor(network.to(precision.device), spec.preprocessing, precision, stop)
        folder = settings.work_dir / "predictions" / str(number)
        values = prediction_values(candidate.classes, spec.classes)
        scores = []
        for case in cases:
            stop.check()
            path = predictor.label_map_file(case.image, values, folder / case.case_id)
            scores.append(score_files(path, case, spec.classes))
            log("Case", candidate=candidate.name, case=case.case_id, values=_named(spec.classes, scores[-1]))
        candidates.append(_candidate(candidate.name, spec.classes, cases, scores))
        log("Candidate", candidate=candidate.name, mean_dice=candidates[-1]["meanDice"])
    _publish(store, spec, candidates)


def score_files(prediction: Path, case: LocalItem, classes: Sequence[RegionClass]) -> CaseScores:
    """Dice of each class in its order, None for what the case ignores.

    Raises EvaluationFailed, or UnmappedRegion for a bad label.
    """
    predicted, truth = nibabel.load(prediction), nibabel.load(case.label)
    if predicted.shape != truth.shape or not np.allclose(predicted.affine, truth.affine, atol=1e-3):
        raise TrainerError(
            "EvaluationFailed",
            f"the prediction for case {case.case_id} has grid {predicted.shape}, the label {truth.shape}; report this",
        )
    predicted_values, true_values = _mask_values(predicted), _mask_values(truth)
    mask_to_channels(true_values, classes, case.case_id)
    return [
        None if case.ignores(region) else dice(predicted_values == region.mask_value, true_values == region.mask_value)
        for region in classes
    ]


def _mask_values(image: Any) -> npt.NDArray[np.int64]:
    values: npt.NDArray[np.int64] = np.rint(np.asarray(image.dataobj)).astype(np.int64)
    return values


def _load(store: ObjectStore, spec: EvaluationSpec, candidate: Weights, path: Path) -> nn.Module:
    network = build_network(spec.network, len(candidate.classes))
    load_exactly(network, read_weights(fetch(store, candidate.ref, path), candidate.name), candidate.name)
    return network


def _candidate(
    name: str, classes: Sequence[RegionClass], cases: Sequence[LocalItem], scores: Sequence[CaseScores]
) -> Json:
    regions: list[Json] = []
    region_means: CaseScores = []
    for position, region in enumerate(classes):
        judged = [
            (case.case_id, case_scores[position])
            for case, case_scores in zip(cases, scores, strict=True)
            if not case.ignores(region)
        ]
        region_means.append(mean([score for _, score in judged]))
        regions.append(
            {
                "name": region.name,
                "maskValue": region.mask_value,
                "meanDice": region_means[-1],
                "ignoredCases": len(cases) - len(judged),
                "cases": [{"caseId": case_id, "dice": score} for case_id, score in judged],
            }
        )
    return {"candidateId": name, "meanDice": mean(region_means), "regions": regions}


def _publish(store: ObjectStore, spec: EvaluationSpec, candidates: list[Json]) -> None:
    result = {
        "schemaVersion": SCHEMA_VERSION,
        "runId": spec.run_id,
        "datasetId": spec.data.dataset_id,
        "partition": "test",
        "finishedAt": now_iso(),
        "cpuSeconds": round(cpu_seconds(), 3),
        "candidates": candidates,
    }
    check_document("evaluation-result", result)
    store.write(spec.output_key, canonical_json(result))
    log("Done", candidates=len(candidates), cpu_seconds=result["cpuSeconds"])


def _named(classes: Sequence[RegionClass], scores: CaseScores) -> dict[str, object]:
    return {region.name: "none" if score is None else score for region, score in zip(classes, scores, strict=True)}
