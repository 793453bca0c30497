"""An exported bundle stands alone: plain MONAI runs it, in a process that does not know this package."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

import contourflow_trainer.export as export_module
from conftest import SettingsFor
from contourflow_trainer.__main__ import main
from contourflow_trainer.checkpoint import save_weights
from contourflow_trainer.contracts import Json, canonical_json
from contourflow_trainer.errors import TrainerError
from contourflow_trainer.export import export
from contourflow_trainer.networks import build_network
from contourflow_trainer.objects import FolderObjectStore, publish
from contourflow_trainer.precision import choose_precision
from contourflow_trainer.prediction import Predictor
from contourflow_trainer.specs import parse_preprocessing
from contourflow_trainer.starter_bundle import NETWORK
from contourflow_trainer.stop import StopSignal
from contourflow_trainer.synthetic import CLASSES, make_case, preprocessing_json


@pytest.fixture
def spec(tmp_path: Path) -> tuple[FolderObjectStore, Json]:
    store = FolderObjectStore(tmp_path / "objects")
    torch.manual_seed(5)
    path = tmp_path / "weights.pt"
    save_weights(path, build_network(NETWORK, len(CLASSES)))
    return store, {
        "schemaVersion": 1,
        "kind": "export",
        "project": "synthetic",
        "modelVersionId": "abdomen.v2",
        "weights": publish(store, path, "models/weights.pt").to_json(),
        "classes": CLASSES,
        "network": NETWORK,
        "preprocessing": preprocessing_json(),
        "modelCard": {
            "description": "Abdominal organs",
            "trainingData": {"datasetId": "d" * 32, "subjects": 8},
            "lineage": ["starter.v1"],
            "testDice": {"Liver": 0.91234, "Spleen": None},
        },
        "outputPrefix": "exports/e1/",
    }


def test_plain_monai_runs_the_bundle_and_writes_the_mask_values(
    spec: tuple[FolderObjectStore, Json], settings_for: SettingsFor, tmp_path: Path
) -> None:
    store, document = spec
    export(canonical_json(document), store, settings_for("export"))
    result = json.loads(store.read("exports/e1/result.json"))
    assert result["parityMaxDifference"] <= 1e-4

    bundle = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "objects/exports/e1/bundle.zip") as archive:
        archive.extractall(bundle)
    image, _, affine = make_case(np.random.default_rng(9))
    (bundle / "input").mkdir()
    nibabel.save(nibabel.Nifti1Image(image, affine), bundle / "input/case.nii.gz")
    command = ["-m", "monai.bundle", "run", "--config_file", "configs/inference.json", "--bundle_root", "."]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, *command], cwd=bundle, env=environment, check=True, timeout=120)

    written = nibabel.load(bundle / "output/case_seg.nii.gz")
    assert written.shape == image.shape
    np.testing.assert_allclose(written.affine, affine, atol=1e-4)
    values = np.asarray(written.dataobj)
    assert set(np.unique(values)) <= {0, 10, 20, 30}
    assert np.array_equal(values, own_prediction(store, document, bundle / "input/case.nii.gz", tmp_path / "own"))


def own_prediction(store: FolderObjectStore, document: Json, image: Path, folder: Path) -> np.ndarray:
    """The same image through the evaluation's own path."""
    network = build_network(NETWORK, len(CLASSES))
    weights = folder.with_suffix(".pt")
    store.download(document["weights"]["key"], weights)
    network.load_state_dict(torch.load(weights, weights_only=True))
    preprocessing = parse_preprocessing(document["preprocessing"])
    predictor = Predictor(network, preprocessing, choose_precision(amp=False), StopSignal())
    return np.asarray(nibabel.load(predictor.label_map_file(image, [0, 10, 20, 30], folder)).dataobj)


def test_the_bundle_tells_its_regions_and_its_origin(
    spec: tuple[FolderObjectStore, Json], settings_for: SettingsFor, tmp_path: Path
) -> None:
    store, document = spec
    export(canonical_json(document), store, settings_for("export"))
    with zipfile.ZipFile(tmp_path / "objects/exports/e1/bundle.zip") as archive:
        names = set(archive.namelist())
        metadata = json.loads(archive.read("configs/metadata.json"))
        label_map = archive.read("configs/region2MaskValueMap.txt").decode()
        card = archive.read("docs/README.md").decode()
    assert {"LICENSE", "configs/inference.json", "models/model.pt", "models/model.ts"} <= names
    channels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    assert channels == {"0": "background", "1": "Liver", "2": "Spleen", "3": "Kidney"}
    assert label_map == "Liver=10\nSpleen=20\nKidney=30\n"
    assert "- Liver: 0.9123\n- Spleen: not stated" in card
    assert "- starter.v1" in card


def test_a_bundle_that_computes_something_else_is_not_published(
    spec: tuple[FolderObjectStore, Json], settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, document = spec
    write_bundle = export_module.write_bundle

    def write_damaged(model: export_module.BundleModel, folder: Path) -> None:
        write_bundle(model, folder)
        weights = torch.load(folder / "models/model.pt", weights_only=True)
        key = [key for key in weights if key.endswith("bias")][-1]
        weights[key] = weights[key] + 0.01
        torch.save(weights, folder / "models/model.pt")

    monkeypatch.setattr(export_module, "write_bundle", write_damaged)
    with pytest.raises(TrainerError, match="differs by") as caught:
        export(canonical_json(document), store, settings_for("export"))
    assert caught.value.code == "ExportFailed"
    assert not (tmp_path / "objects/exports").exists()


def test_a_starter_bundle_is_a_model_without_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "starter.zip"
    assert main(["starter-bundle", "--out", str(path), "--classes", "Spleen=7,Left lung=3"]) == 0
    with zipfile.ZipFile(path) as archive:
        assert archive.read("configs/region2MaskValueMap.txt").decode() == "Left lung=3\nSpleen=7\n"
        config = json.loads(archive.read("configs/inference.json"))
    assert config["network_def"]["out_channels"] == 3
    assert main(["starter-bundle", "--out", str(path), "--classes", "Spleen"]) == 1
    assert "error MalformedLabelMap:" in capsys.readouterr().out
