"""Wrong input ends with one sentence and a code of the shared list."""

import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from conftest import SettingsFor
from contourflow_trainer.__main__ import main
from contourflow_trainer.contracts import SCHEMA_FOLDER, Json, canonical_json
from contourflow_trainer.errors import TrainerError
from contourflow_trainer.networks import read_weights
from contourflow_trainer.stop import StopSignal
from contourflow_trainer.synthetic import SyntheticDataset, publish_manifest, put_object
from contourflow_trainer.train import train

SOURCES = Path(__file__).parent.parent / "src"


def failure(dataset: SyntheticDataset, spec: Json, settings_for: SettingsFor) -> TrainerError:
    with pytest.raises(TrainerError) as caught:
        train(canonical_json(spec), dataset.store, settings_for("failing"), StopSignal())
    return caught.value


def test_every_code_is_known_to_the_rest_of_the_system() -> None:
    known = set(json.loads((SCHEMA_FOLDER / "error-code.schema.json").read_text())["enum"])
    text = "\n".join(path.read_text() for path in SOURCES.rglob("*.py"))
    used = set(re.findall(r'(?:TrainerError|log_failure)\(\s*"(\w+)"', text))
    assert len(used) > 8
    assert used <= known


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"kind": "evaluate"}, "InvalidRequest", "not valid at kind"),
        ({"surprise": 1}, "InvalidRequest", "surprise"),
        ({"schemaVersion": 2}, "UnknownSchemaVersion", "update the trainer image"),
        ({"imageTag": "t2"}, "IncompleteDataset", "no file tagged t2"),
    ],
)
def test_a_wrong_spec_is_named(
    change: Json, code: str, sentence: str, dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor
) -> None:
    error = failure(dataset, small_spec | change, settings_for)
    assert error.code == code
    assert sentence in str(error)


def test_a_patch_that_does_not_halve_is_refused(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor
) -> None:
    small_spec["preprocessing"]["patchSize"] = [16, 18, 16]
    error = failure(dataset, small_spec, settings_for)
    assert (error.code, "multiples of 4" in str(error)) == ("InvalidParameters", True)


def test_a_changed_file_is_refused(dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor) -> None:
    ref = dataset.manifest["items"][0]["files"]["image"]
    (dataset.root / ref["key"]).write_bytes(b"other bytes")
    error = failure(dataset, small_spec, settings_for)
    assert (error.code, ref["key"] in str(error)) == ("DigestMismatch", True)


def test_a_missing_file_is_refused(dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor) -> None:
    (dataset.root / dataset.manifest["items"][0]["files"]["label"]["key"]).unlink()
    assert failure(dataset, small_spec, settings_for).code == "NotFound"


def test_a_mask_on_another_grid_is_refused(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor
) -> None:
    manifest = json.loads(canonical_json(dataset.manifest))
    mask = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.eye(4)).to_bytes()
    manifest["items"][0]["files"]["label"] = put_object(dataset.store, "cases/other", mask)
    changed = publish_manifest(dataset.store, dataset.root, manifest)
    error = failure(dataset, small_spec | changed.spec_data(), settings_for)
    assert (error.code, "different grids" in str(error)) == ("IncompleteDataset", True)


def test_a_dataset_without_validation_cases_is_refused(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor
) -> None:
    manifest = json.loads(canonical_json(dataset.manifest))
    for item in manifest["items"]:
        item["partition"] = "training"
    changed = publish_manifest(dataset.store, dataset.root, manifest)
    assert failure(dataset, small_spec | changed.spec_data(), settings_for).code == "InvalidSplit"


class RunsCode:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must never be printed",)


def test_weights_that_would_run_code_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"model": RunsCode()}, path)
    with pytest.raises(TrainerError, match="cannot be read safely") as caught:
        read_weights(path, "m.v1")
    assert caught.value.code == "InvalidModel"
    assert "never" not in capsys.readouterr().out


def test_the_command_line_ends_with_one_line_and_code_1(
    dataset: SyntheticDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset.store.write("runs/bad/spec.json", b"{}")
    root = ["--local-root", str(dataset.root)]
    assert main(["train", "--spec", "runs/bad/spec.json", *root]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("error InvalidRequest: the training-spec is not valid")
    assert main(["evaluate", "--spec", "runs/none/spec.json", *root]) == 1
    assert "error NotFound: no spec at runs/none/spec.json" in capsys.readouterr().out
