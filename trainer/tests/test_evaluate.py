import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from conftest import SettingsFor
from contourflow_trainer.contracts import Json, canonical_json
from contourflow_trainer.dataset import LocalItem
from contourflow_trainer.errors import TrainerError
from contourflow_trainer.evaluate import evaluate, score_files
from contourflow_trainer.objects import FolderObjectStore
from contourflow_trainer.scoring import dice, mean
from contourflow_trainer.specs import RegionClass
from contourflow_trainer.stop import StopSignal
from contourflow_trainer.synthetic import (
    SyntheticDataset,
    nifti_bytes,
    publish_manifest,
    put_object,
    training_spec,
    write_dataset,
)
from contourflow_trainer.train import train

CLASSES = [RegionClass(1, 10, "Liver"), RegionClass(2, 20, "Spleen")]


def flags(text: str) -> np.ndarray:
    return np.array([character == "1" for character in text])


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
    [
        ("1100", "0110", 0.5),
        ("1111", "1111", 1.0),
        ("1110", "1000", 0.5),
        ("0000", "0000", None),
        ("0000", "0100", 0.0),
        ("0100", "0000", 0.0),
    ],
)
def test_dice_by_hand(prediction: str, truth: str, expected: float | None) -> None:
    assert dice(flags(prediction), flags(truth)) == expected


def test_mean_leaves_out_what_does_not_exist() -> None:
    assert mean([None, 0.5, 1.0]) == 0.75
    assert mean([None]) is None


def write_mask(path: Path, values: list[int], affine: np.ndarray | None = None) -> Path:
    volume = np.array(values, dtype=np.uint8).reshape(-1, 1, 1)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4) if affine is None else affine), path)
    return path


def test_files_are_scored_by_mask_value(tmp_path: Path) -> None:
    label = write_mask(tmp_path / "label.nii.gz", [0, 10, 10, 20, 0, 0])
    prediction = write_mask(tmp_path / "prediction.nii.gz", [0, 10, 20, 20, 20, 0])
    scores = score_files(prediction, LocalItem("c1", label, label), CLASSES)
    assert scores == [pytest.approx(2 / 3), pytest.approx(0.5)]


def test_a_prediction_on_another_grid_is_refused(tmp_path: Path) -> None:
    label = write_mask(tmp_path / "label.nii.gz", [0, 10])
    shifted = write_mask(tmp_path / "prediction.nii.gz", [0, 10], np.diag([2.0, 1, 1, 1]))
    with pytest.raises(TrainerError, match="case c1 has grid") as caught:
        score_files(shifted, LocalItem("c1", label, label), CLASSES)
    assert caught.value.code == "EvaluationFailed"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[SyntheticDataset, Json]:
    """A model that has learnt: eight training cases, sixteen epochs."""
    from contourflow_trainer.settings import Settings

    dataset = write_dataset(tmp_path_factory.mktemp("trained"), split=(8, 1, 2), seed=3)
    spec = training_spec(dataset, "run", maxEpochs=16, validationInterval=8)
    settings = Settings("", "", 1, tmp_path_factory.mktemp("work"), 300)
    train(canonical_json(spec), dataset.store, settings, StopSignal())
    return dataset, spec


def evaluation_spec(dataset: SyntheticDataset, spec: Json) -> Json:
    result = json.loads(dataset.store.read("runs/run/result.json"))
    kept = ("network", "preprocessing", "runId")
    return (
        dataset.spec_data()
        | {key: spec[key] for key in kept}
        | {
            "kind": "evaluate",
            "candidates": [
                {"candidateId": entry["checkpointId"], "weights": entry["weights"], "classes": spec["classes"]}
                for entry in result["checkpoints"]
            ],
            "outputKey": "runs/run/evaluation/result.json",
        }
    )


def region_means(dataset: SyntheticDataset, spec: Json, settings_for: SettingsFor, attempt: str) -> dict[str, float]:
    evaluate(canonical_json(evaluation_spec(dataset, spec)), dataset.store, settings_for(attempt), StopSignal())
    result = json.loads(dataset.store.read("runs/run/evaluation/result.json"))
    assert [candidate["candidateId"] for candidate in result["candidates"]] == ["best", "last"]
    return {region["name"]: region["meanDice"] for region in result["candidates"][0]["regions"]}


def test_a_broken_label_lowers_the_dice_of_its_region_only(
    trained: tuple[SyntheticDataset, Json], settings_for: SettingsFor
) -> None:
    dataset, spec = trained
    before = region_means(dataset, spec, settings_for, "before")
    assert min(before.values()) > 0.75

    broken = with_broken_label(dataset, mask_value=20)
    after = region_means(broken, spec, settings_for, "after")
    assert after["Spleen"] < before["Spleen"] - 0.3
    assert after["Liver"] == before["Liver"]
    assert after["Kidney"] == before["Kidney"]


def test_a_case_that_ignores_a_region_is_left_out_of_its_dice_and_counted(
    trained: tuple[SyntheticDataset, Json], settings_for: SettingsFor
) -> None:
    dataset, spec = trained
    manifest = json.loads(canonical_json(dataset.manifest))
    item = next(item for item in manifest["items"] if item["partition"] == "test")
    item["ignoredValues"] = [20]
    ignoring = publish_manifest(dataset.store, dataset.root, manifest)
    evaluate(canonical_json(evaluation_spec(ignoring, spec)), dataset.store, settings_for("ignoring"), StopSignal())
    result = json.loads(dataset.store.read("runs/run/evaluation/result.json"))
    regions = {region["name"]: region for region in result["candidates"][0]["regions"]}
    assert {name: (region["ignoredCases"], len(region["cases"])) for name, region in regions.items()} == {
        "Liver": (0, 2),
        "Spleen": (1, 1),
        "Kidney": (0, 2),
    }
    assert item["caseId"] not in {case["caseId"] for case in regions["Spleen"]["cases"]}
    assert regions["Spleen"]["meanDice"] == regions["Spleen"]["cases"][0]["dice"]


def with_broken_label(dataset: SyntheticDataset, mask_value: int) -> SyntheticDataset:
    """One region of the first test case moved to the far side of the volume."""
    manifest = json.loads(canonical_json(dataset.manifest))
    item = next(item for item in manifest["items"] if item["partition"] == "test")
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(dataset.store.read(item["files"]["label"]["key"])))
    mask = np.asarray(image.dataobj).copy()
    inside = mask == mask_value
    mask[inside] = 0
    mask[np.roll(inside, mask.shape[0] // 2, axis=0) & (mask == 0)] = mask_value
    item["files"]["label"] = put_object(dataset.store, "cases/broken.nii.gz", nifti_bytes(mask, image.affine))
    return publish_manifest(dataset.store, dataset.root, manifest)


def test_fine_tuning_starts_where_the_model_ended(
    trained: tuple[SyntheticDataset, Json], settings_for: SettingsFor
) -> None:
    """Before its first step a fine-tuned network scores exactly what the model it starts from scored."""
    dataset, spec = trained
    source = json.loads(dataset.store.read("runs/run/result.json"))
    initial = {"modelVersionId": "m.v1", "weights": source["checkpoints"][0]["weights"], "classes": spec["classes"]}
    tuning = spec | {"runId": "tuned", "outputPrefix": "runs/tuned/", "initialWeights": initial}
    tuning["parameters"] = spec["parameters"] | {"maxEpochs": 1, "learningRate": 0.001}
    train(canonical_json(tuning), dataset.store, settings_for("tuned"), StopSignal())
    lines = [json.loads(line) for line in dataset.store.read("runs/tuned/metrics.jsonl").splitlines()]
    scores = {line["epoch"]: line["value"] for line in lines if line["name"] == "val_mean_dice"}
    assert scores[0] == source["bestValidationDice"]
    assert json.loads(dataset.store.read("runs/tuned/result.json"))["bestValidationDice"] == max(scores.values())


def test_a_candidate_without_a_region_scores_zero_for_it(
    trained: tuple[SyntheticDataset, Json], settings_for: SettingsFor
) -> None:
    """The starting model of a fine-tuning may know other regions; order and mask values differ too."""
    dataset, spec = trained
    evaluation = evaluation_spec(dataset, spec)
    renamed = [entry | {"name": entry["name"].upper() if entry["index"] != 2 else "Other"} for entry in spec["classes"]]
    evaluation["candidates"] = [evaluation["candidates"][0] | {"classes": renamed}]
    evaluate(canonical_json(evaluation), dataset.store, settings_for("renamed"), StopSignal())
    regions = json.loads(dataset.store.read("runs/run/evaluation/result.json"))["candidates"][0]["regions"]
    assert regions[1]["meanDice"] == 0
    assert min(regions[0]["meanDice"], regions[2]["meanDice"]) > 0.75


def test_the_store_of_a_training_never_sees_a_test_case(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor
) -> None:
    """Checkpoints are chosen on validation data: the files of the test partition may be absent in training."""
    for item in dataset.manifest["items"]:
        if item["partition"] == "test":
            for ref in item["files"].values():
                (dataset.root / ref["key"]).unlink()
    small_spec["parameters"]["maxEpochs"] = 1
    train(canonical_json(small_spec), FolderObjectStore(dataset.root), settings_for("train"), StopSignal())
    assert json.loads(dataset.store.read("runs/run/result.json"))["epochs"] == 1
