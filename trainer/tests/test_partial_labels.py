"""Regions that nobody drew in some of the cases (`missing: ignore`) are left out of loss and metrics."""

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import nibabel
import numpy as np
import pytest
import torch
from monai.losses import DiceCELoss

from conftest import SettingsFor
from contourflow_trainer.contracts import Json, canonical_json
from contourflow_trainer.dataset import LocalItem
from contourflow_trainer.evaluate import score_files
from contourflow_trainer.loss import PartialLabelLoss
from contourflow_trainer.prediction import Predictor
from contourflow_trainer.sampling import PatchSource
from contourflow_trainer.specs import RegionClass, parse_training_spec
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
from contourflow_trainer.validation import validate
from contourflow_trainer.volumes import Volume

LIVER, SPLEEN, KIDNEY = 10, 20, 30


def logits_of(probabilities: Sequence[Sequence[Sequence[float]]]) -> torch.Tensor:
    """[patch][voxel][class] -> (B, C, 1, 1, voxels)."""
    return torch.tensor(probabilities).log().permute(0, 2, 1)[:, :, None, None, :]


def labels_of(labels: Sequence[Sequence[int]]) -> torch.Tensor:
    return torch.tensor(labels, dtype=torch.uint8)[:, None, None, None, :]


def test_the_loss_of_a_patch_with_an_ignored_class_by_hand() -> None:
    logits = logits_of([[[0.2, 0.5, 0.3], [0.1, 0.8, 0.1]]])
    ignored = torch.tensor([[False, False, True]])
    cross_entropy = -(math.log(0.2 + 0.3) + math.log(0.8)) / 2
    dice_loss = 1 - 2 * 0.8 / (0.5 + 0.8 + 1)
    loss = PartialLabelLoss()(logits, labels_of([[0, 1]]), ignored)
    assert loss.item() == pytest.approx(cross_entropy + dice_loss, abs=1e-5)


def test_dice_of_a_class_is_taken_over_the_patches_that_know_it() -> None:
    logits = logits_of([[[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], [[0.5, 0.4, 0.1], [0.2, 0.1, 0.7]]])
    ignored = torch.tensor([[False, False, False], [False, False, True]])
    cross_entropy = -(math.log(0.6) + math.log(0.7) + math.log(0.4) + math.log(0.2 + 0.7)) / 4
    first = 1 - 2 * 0.4 / (0.3 + 0.2 + 0.4 + 0.1 + 1)
    second = 1 - 2 * 0.7 / (0.1 + 0.7 + 1)
    loss = PartialLabelLoss()(logits, labels_of([[0, 2], [1, 0]]), ignored)
    assert loss.item() == pytest.approx(cross_entropy + (first + second) / 2, abs=1e-5)


def test_a_background_voxel_does_not_tell_background_from_an_ignored_class() -> None:
    loss, ignored = PartialLabelLoss(), torch.tensor([[False, False, True]])
    shares = [[[0.7, 0.1, 0.2]], [[0.2, 0.1, 0.7]], [[0.45, 0.1, 0.45]]]
    values = [loss(logits_of([share]), labels_of([[0]]), ignored).item() for share in shares]
    assert values == [pytest.approx(values[0])] * 3


def test_a_patch_that_knows_no_class_still_has_a_finite_loss_and_gradient() -> None:
    logits = logits_of([[[0.2, 0.5, 0.3]]]).requires_grad_()
    loss = PartialLabelLoss()(logits, labels_of([[0]]), torch.tensor([[False, True, True]]))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_with_nothing_ignored_it_is_the_loss_of_monai() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(3, 4, 5, 6, 7, generator=generator)
    label = torch.randint(0, 4, (3, 1, 5, 6, 7), generator=generator, dtype=torch.uint8)
    expected = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False, batch=True)(logits, label)
    assert torch.equal(PartialLabelLoss()(logits, label, None), expected)
    none = PartialLabelLoss()(logits, label, torch.zeros(3, 4, dtype=torch.bool))
    assert none.item() == pytest.approx(expected.item(), rel=1e-6)


def volume_of(label: list[int], ignored: set[int], case_id: str = "c") -> Volume:
    voxels = torch.tensor(label, dtype=torch.uint8).reshape(1, -1, 1, 1)
    indices = [np.flatnonzero(voxels.numpy() == channel) for channel in range(3)]
    return Volume(case_id, voxels.float(), voxels, indices, frozenset(ignored))


def test_a_batch_says_which_patch_ignores_which_class_and_nothing_when_none_does() -> None:
    parameters = parse_training_spec(canonical_json(plain_spec(batchSize=2, patchesPerVolume=2))).parameters
    open_volume, full_volume = volume_of([0, 1, 0, 0], {2}), volume_of([0, 1, 2, 0], set())
    mixed = PatchSource([open_volume, full_volume], 2, (2, 1, 1), parameters).batch(0, 0)
    assert mixed.ignored is not None
    assert sorted(mixed.ignored.tolist()) == [[False, False, False]] * 2 + [[False, False, True]] * 2
    same = PatchSource([open_volume, full_volume], 2, (2, 1, 1), parameters).batch(0, 0)
    assert torch.equal(mixed.ignored, cast(torch.Tensor, same.ignored))
    assert PatchSource([full_volume, full_volume], 2, (2, 1, 1), parameters).batch(0, 0).ignored is None


def plain_spec(**parameters: object) -> Json:
    ref = {"key": "m", "sha256": "0" * 64, "sizeBytes": 1}
    classes = [{"index": 1, "maskValue": LIVER, "name": "Liver"}]
    dataset = SyntheticDataset(cast(Any, None), Path(), {"classes": classes}, ref)
    return training_spec(dataset, "run", **parameters)


def test_validation_judges_a_class_by_the_volumes_that_know_it() -> None:
    def logits(image: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(image[0].long(), 3).permute(3, 0, 1, 2).float()

    predictor = cast(Predictor, SimpleNamespace(logits=logits))
    wrong = Volume("w", volume_of([0, 2, 2, 0], set()).image, volume_of([0, 1, 0, 0], {2}).label, [], frozenset({2}))
    right = volume_of([0, 1, 2, 0], set())
    assert validate(predictor, [wrong, right], 2) == [0.5, 1.0]
    assert validate(predictor, [wrong], 2) == [0.0, None]


def test_evaluation_leaves_an_ignored_region_of_a_case_out(tmp_path: Path) -> None:
    path = tmp_path / "mask.nii"
    nibabel.save(nibabel.Nifti1Image(np.array([0, LIVER], dtype=np.uint8).reshape(2, 1, 1), np.eye(4)), path)
    case = LocalItem("c", path, path, frozenset({SPLEEN}))
    assert score_files(path, case, [RegionClass(1, LIVER, "Liver"), RegionClass(2, SPLEEN, "Spleen")]) == [1.0, None]


def without_spleen(dataset: SyntheticDataset, *, ignore: bool) -> SyntheticDataset:
    """The spleen's label erased from every second training case, with or without a word about it."""
    manifest = json.loads(canonical_json(dataset.manifest))
    for item in [item for item in manifest["items"] if item["partition"] == "training"][::2]:
        image = nibabel.Nifti1Image.from_bytes(gzip.decompress(dataset.store.read(item["files"]["label"]["key"])))
        mask = np.asarray(image.dataobj).copy()
        mask[mask == SPLEEN] = 0
        key = f"cases/{item['caseId']}/without.nii.gz"
        item["files"]["label"] = put_object(dataset.store, key, nifti_bytes(mask, image.affine))
        if ignore:
            item["ignoredValues"] = [SPLEEN]
    return publish_manifest(dataset.store, dataset.root, manifest)


def validation_dice(dataset: SyntheticDataset, run: str, settings_for: SettingsFor) -> dict[str, float]:
    spec = training_spec(dataset, run, maxEpochs=14, validationInterval=14)
    train(canonical_json(spec), dataset.store, settings_for(run), StopSignal())
    lines = [json.loads(line) for line in dataset.store.read(f"runs/{run}/metrics.jsonl").splitlines()]
    return {line["name"].removeprefix("val_dice/"): line["value"] for line in lines if "val_dice/" in line["name"]}


def test_an_organ_drawn_in_half_of_the_cases_is_learnt_when_the_others_ignore_it(
    tmp_path: Path, settings_for: SettingsFor
) -> None:
    dataset = write_dataset(tmp_path / "objects", split=(8, 2, 0), seed=3)
    ignoring = validation_dice(without_spleen(dataset, ignore=True), "ignoring", settings_for)
    background = validation_dice(without_spleen(dataset, ignore=False), "background", settings_for)
    # Measured: 0.67 against 0.14.
    assert ignoring["Spleen"] > 0.5
    assert ignoring["Spleen"] > background["Spleen"] + 0.3
    assert min(ignoring["Liver"], ignoring["Kidney"]) > 0.7
