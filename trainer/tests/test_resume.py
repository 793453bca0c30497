"""A run that was stopped and continued ends with the weights of one that never stopped, bit for bit."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import contourflow_trainer.training_run as training_run_module
from conftest import SettingsFor
from contourflow_trainer.contracts import Json, canonical_json
from contourflow_trainer.errors import EXIT_RETRY, StopRequestedError
from contourflow_trainer.objects import FolderObjectStore
from contourflow_trainer.stop import StopSignal
from contourflow_trainer.synthetic import SyntheticDataset, publish_manifest
from contourflow_trainer.train import train
from contourflow_trainer.training_run import TrainingRun

SOURCES = Path(__file__).parent.parent / "src"


class MachineDiedError(Exception):
    """Stands for SIGKILL: nothing of the process runs after it."""


class DyingStore(FolderObjectStore):
    """Dies at the n-th upload of a key, before or after the object is in place."""

    def __init__(self, root: Path, key: str, count: int, after: bool) -> None:
        super().__init__(root)
        self._key, self._left, self._after = key, count, after

    def write(self, key: str, data: bytes) -> None:
        self._left -= key.endswith(self._key)
        dies = key.endswith(self._key) and self._left == 0
        if dies and not self._after:
            raise MachineDiedError
        super().write(key, data)
        if dies:
            raise MachineDiedError


@pytest.fixture
def spec(small_spec: Json) -> bytes:
    return canonical_json(small_spec)


@pytest.fixture
def uninterrupted(dataset: SyntheticDataset, spec: bytes, settings_for: SettingsFor) -> dict[str, Any]:
    train(spec, dataset.store, settings_for("uninterrupted"), StopSignal())
    state = final_state(dataset)
    for path in sorted((dataset.root / "runs").rglob("*")):
        if path.is_file():
            path.unlink()
    return state


def final_state(dataset: SyntheticDataset) -> dict[str, Any]:
    """Everything that must not depend on interruptions: weights, optimizer, best checkpoint, curves."""
    store = dataset.store
    last = torch.load(io.BytesIO(store.read("runs/run/checkpoints/last.pt")), weights_only=True)
    result = json.loads(store.read("runs/run/result.json"))
    lines = [json.loads(line) for line in store.read("runs/run/metrics.jsonl").splitlines()]
    return {
        "network": last["network"],
        "optimizer": last["optimizer"]["state"],
        "best": torch.load(io.BytesIO(store.read("runs/run/checkpoints/best.pt")), weights_only=True),
        "bestEpoch": result["bestEpoch"],
        "bestDice": result["bestValidationDice"],
        "metrics": [(line["name"], line["epoch"], line["iteration"], line["value"]) for line in lines],
    }


def assert_identical(left: object, right: object, where: str = "state") -> None:
    if isinstance(left, torch.Tensor):
        assert isinstance(right, torch.Tensor), where
        assert torch.equal(left, right), where
    elif isinstance(left, dict):
        assert isinstance(right, dict), where
        assert left.keys() == right.keys(), where
        for key, value in left.items():
            assert_identical(value, right[key], f"{where}/{key}")
    else:
        assert left == right, where


def stop_at(monkeypatch: pytest.MonkeyPatch, iteration: int) -> None:
    """SIGTERM to this process, from within the given step."""
    step = TrainingRun._step

    def signalled(run: TrainingRun, epoch: int, position: int) -> None:
        step(run, epoch, position)
        if run.progress.iteration == iteration and run.progress.resumes == 0:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(TrainingRun, "_step", signalled)


@pytest.fixture
def listening() -> Iterator[StopSignal]:
    stop = StopSignal()
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop.listen()
    yield stop
    for number, handler in previous.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("iteration", [3, 4], ids=["mid-epoch", "epoch-end"])
def test_sigterm_saves_and_the_next_attempt_ends_identically(
    iteration: int,
    dataset: SyntheticDataset,
    spec: bytes,
    settings_for: SettingsFor,
    uninterrupted: dict[str, Any],
    listening: StopSignal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop_at(monkeypatch, iteration)
    with pytest.raises(StopRequestedError):
        train(spec, dataset.store, settings_for("first"), listening)
    stopped = torch.load(io.BytesIO(dataset.store.read("runs/run/checkpoints/last.pt")), weights_only=True)
    assert stopped["progress"]["iteration"] == iteration

    train(spec, dataset.store, settings_for("second"), StopSignal())
    assert_identical(uninterrupted, final_state(dataset))
    result = json.loads(dataset.store.read("runs/run/result.json"))
    assert result["resumes"] == 1
    assert result["cpuSeconds"] > stopped["progress"]["cpu_seconds"]


def test_a_run_with_ignored_regions_resumes_identically(
    dataset: SyntheticDataset,
    small_spec: Json,
    settings_for: SettingsFor,
    listening: StopSignal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = json.loads(canonical_json(dataset.manifest))
    manifest["items"][0]["ignoredValues"] = [20]
    spec = canonical_json(small_spec | publish_manifest(dataset.store, dataset.root, manifest).spec_data())
    train(spec, dataset.store, settings_for("uninterrupted"), StopSignal())
    expected = final_state(dataset)
    shutil.rmtree(dataset.root / "runs/run")
    stop_at(monkeypatch, 3)
    with pytest.raises(StopRequestedError):
        train(spec, dataset.store, settings_for("first"), listening)
    train(spec, dataset.store, settings_for("second"), StopSignal())
    assert_identical(expected, final_state(dataset))


def test_stop_during_validation_repeats_only_the_validation(
    dataset: SyntheticDataset,
    spec: bytes,
    settings_for: SettingsFor,
    uninterrupted: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop = StopSignal()
    validate = training_run_module.validate

    def stopping(*arguments: Any) -> Any:
        stop.requested = True
        return validate(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training_run_module, "validate", stopping)
        with pytest.raises(StopRequestedError):
            train(spec, dataset.store, settings_for("first"), stop)
    stopped = torch.load(io.BytesIO(dataset.store.read("runs/run/checkpoints/last.pt")), weights_only=True)
    assert (stopped["progress"]["iteration"], stopped["progress"]["validated_epoch"]) == (4, -1)

    train(spec, dataset.store, settings_for("second"), StopSignal())
    assert_identical(uninterrupted, final_state(dataset))


@pytest.mark.parametrize("key", ["checkpoints/last.pt", "checkpoints/best.pt", "metrics.jsonl", "result.json"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_around_any_upload_ends_identically(
    key: str,
    after: bool,
    dataset: SyntheticDataset,
    spec: bytes,
    settings_for: SettingsFor,
    uninterrupted: dict[str, Any],
) -> None:
    count = 1 if key in {"result.json", "checkpoints/best.pt"} else 2
    dying = DyingStore(dataset.root, key, count, after)
    with pytest.raises(MachineDiedError):
        train(spec, dying, settings_for("first"), StopSignal())
    train(spec, dataset.store, settings_for("second"), StopSignal())
    assert_identical(uninterrupted, final_state(dataset))


def test_a_stop_before_the_first_step_leaves_nothing_behind(
    dataset: SyntheticDataset, spec: bytes, settings_for: SettingsFor
) -> None:
    stop = StopSignal()
    stop.requested = True
    with pytest.raises(StopRequestedError):
        train(spec, dataset.store, settings_for("first"), stop)
    assert not (dataset.root / "runs").exists()


def test_a_checkpoint_of_another_spec_is_not_continued(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor, capsys: pytest.CaptureFixture[str]
) -> None:
    small_spec["parameters"]["maxEpochs"] = 1
    train(canonical_json(small_spec), dataset.store, settings_for("first"), StopSignal())
    small_spec["parameters"]["seed"] = 1
    train(canonical_json(small_spec), dataset.store, settings_for("second"), StopSignal())
    assert "belongs to another spec" in capsys.readouterr().out
    assert json.loads(dataset.store.read("runs/run/result.json"))["resumes"] == 0


def test_a_finished_run_is_not_trained_again(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor, capsys: pytest.CaptureFixture[str]
) -> None:
    small_spec["parameters"]["maxEpochs"] = 1
    spec = canonical_json(small_spec)
    train(spec, dataset.store, settings_for("first"), StopSignal())
    before = dataset.store.read("runs/run/result.json")
    train(spec, dataset.store, settings_for("second"), StopSignal())
    assert dataset.store.read("runs/run/result.json") == before
    assert "nothing to do" in capsys.readouterr().out


def start_process(root: Path, work_dir: Path) -> subprocess.Popen[str]:
    environment = dict(os.environ) | {
        "PYTHONPATH": str(SOURCES),
        "OMP_NUM_THREADS": "1",
        "CONTOURFLOW_WORK_DIR": str(work_dir),
    }
    command = [
        sys.executable,
        "-m",
        "contourflow_trainer",
        "train",
        "--spec",
        "runs/spec.json",
        "--local-root",
        str(root),
    ]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def wait_for_epoch(process: subprocess.Popen[str], epoch: int) -> None:
    assert process.stdout is not None
    assert any(line.startswith(f"Epoch: {epoch}/") for line in process.stdout), "ended before this epoch"


def test_a_process_ended_by_sigterm_and_then_by_sigkill_ends_identically(
    dataset: SyntheticDataset, small_spec: Json, settings_for: SettingsFor, tmp_path: Path
) -> None:
    small_spec["parameters"]["maxEpochs"] = 60
    small_spec["parameters"]["validationInterval"] = 5
    spec = canonical_json(small_spec)
    train(spec, dataset.store, settings_for("uninterrupted"), StopSignal())
    expected = final_state(dataset)
    shutil.rmtree(dataset.root / "runs/run")
    dataset.store.write("runs/spec.json", spec)

    with start_process(dataset.root, tmp_path / "terminated") as process:
        wait_for_epoch(process, 7)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == EXIT_RETRY
    with start_process(dataset.root, tmp_path / "killed") as process:
        wait_for_epoch(process, 23)
        process.kill()
    assert not (dataset.root / "runs/run/result.json").exists()
    with start_process(dataset.root, tmp_path / "finished") as process:
        assert process.wait(timeout=120) == 0
    assert_identical(expected, final_state(dataset))


def test_tensorboard_reads_one_point_per_epoch_after_a_resume(
    dataset: SyntheticDataset,
    spec: bytes,
    settings_for: SettingsFor,
    listening: StopSignal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    stop_at(monkeypatch, 3)
    with pytest.raises(StopRequestedError):
        train(spec, dataset.store, settings_for("first"), listening)
    train(spec, dataset.store, settings_for("second"), StopSignal())
    events = EventAccumulator(str(dataset.root / "runs/run/tensorboard"))
    events.Reload()
    assert [point.step for point in events.Scalars("train_loss")] == [1, 2, 3, 4]
    assert [point.step for point in events.Scalars("val_mean_dice")] == [2, 4]
