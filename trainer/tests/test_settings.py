from pathlib import Path

import pytest

from contourflow_trainer.errors import TrainerError
from contourflow_trainer.settings import job_settings


def test_each_attempt_has_a_scratch_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTOURFLOW_WORK_DIR", str(tmp_path / "jobs"))
    monkeypatch.setenv("AWS_BATCH_JOB_ATTEMPT", "2")
    with job_settings() as first, job_settings() as second:
        assert first.work_dir != second.work_dir
        assert first.work_dir.parent == tmp_path / "jobs"
        assert (first.job_attempt, first.checkpoint_seconds) == (2, 90)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_setting_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTOURFLOW_CHECKPOINT_SECONDS", "often")
    with pytest.raises(TrainerError, match='CONTOURFLOW_CHECKPOINT_SECONDS is "often"') as caught, job_settings():
        pass
    assert caught.value.code == "ConfigurationError"
