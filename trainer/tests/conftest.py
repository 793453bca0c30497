"""One small dataset for the whole session: three training cases, one validation case, one test case."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from contourflow_trainer.contracts import Json, canonical_json
from contourflow_trainer.objects import FolderObjectStore
from contourflow_trainer.settings import Settings
from contourflow_trainer.synthetic import SyntheticDataset, training_spec, write_dataset

SettingsFor = Callable[[str], Settings]

# Weights are compared bit for bit, also with those of a child process: the number of threads is part of the result.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_dataset(tmp_path_factory: pytest.TempPathFactory) -> SyntheticDataset:
    return write_dataset(tmp_path_factory.mktemp("dataset"), split=(3, 1, 1))


@pytest.fixture
def dataset(shared_dataset: SyntheticDataset, tmp_path: Path) -> SyntheticDataset:
    """A copy a test may damage."""
    root = tmp_path / "objects"
    shutil.copytree(shared_dataset.root, root)
    return SyntheticDataset(FolderObjectStore(root), root, shared_dataset.manifest, shared_dataset.manifest_ref)


@pytest.fixture
def settings_for(tmp_path: Path) -> SettingsFor:
    """Settings of one attempt, with scratch space of its own: a retried job starts on another machine."""

    def make(attempt: str) -> Settings:
        work_dir = tmp_path / f"work-{attempt}"
        work_dir.mkdir()
        return Settings("", "", 1, work_dir, checkpoint_seconds=300)

    return make


@pytest.fixture
def small_spec(dataset: SyntheticDataset) -> Json:
    """Four epochs of two steps, validated every two; dropout on, because it draws random numbers too."""
    spec = training_spec(dataset, "run", maxEpochs=4, validationInterval=2, patchesPerVolume=1)
    spec["network"] = spec["network"] | {"channels": [4, 8, 16], "strides": [2, 2], "dropout": 0.1}
    spec["preprocessing"] = spec["preprocessing"] | {"patchSize": [16, 16, 16]}
    return json.loads(canonical_json(spec))
