"""However long steps, epochs and saving take: the work between two checkpoints is at most two minutes."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

import contourflow_trainer.training_run as training_run_module
from conftest import SettingsFor
from contourflow_trainer.contracts import Json, canonical_json
from contourflow_trainer.settings import job_settings
from contourflow_trainer.stop import StopSignal
from contourflow_trainer.synthetic import SyntheticDataset
from contourflow_trainer.train import train
from contourflow_trainer.training_run import TrainingRun

LONGEST_LOSS_SECONDS = 120


@pytest.mark.parametrize("batch_size", [1, 3], ids=["three steps an epoch", "one step an epoch"])
@pytest.mark.parametrize("step_seconds", [1.0, 20.0])
def test_checkpoints_are_close_enough_to_each_other(
    batch_size: int,
    step_seconds: float,
    dataset: SyntheticDataset,
    small_spec: Json,
    settings_for: SettingsFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=1000.0)
    saved = [clock.now]
    step, save, write = TrainingRun._step, TrainingRun.save, training_run_module.save_checkpoint

    def slow_step(run: TrainingRun, epoch: int, position: int) -> None:
        step(run, epoch, position)
        clock.now += step_seconds

    def slow_write(*arguments: Any) -> None:
        write(*arguments)
        clock.now += 10

    def noted_save(run: TrainingRun) -> None:
        save(run)
        # What a lost host costs: from the state of the last checkpoint to the moment that the next one is there.
        saved.append(clock.now)

    monkeypatch.setattr(training_run_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(training_run_module, "save_checkpoint", slow_write)
    monkeypatch.setattr(TrainingRun, "_step", slow_step)
    monkeypatch.setattr(TrainingRun, "save", noted_save)
    small_spec["parameters"] |= {"maxEpochs": 90, "validationInterval": 90, "batchSize": batch_size}
    with job_settings() as defaults:
        settings = settings_for("only")
        object.__setattr__(settings, "checkpoint_seconds", defaults.checkpoint_seconds)
    train(canonical_json(small_spec), dataset.store, settings, StopSignal())
    gaps = [later - earlier for earlier, later in pairwise(saved)]
    assert len(gaps) > 1
    assert max(gaps) <= LONGEST_LOSS_SECONDS
