"""The training loop: one place where a run's state changes, so that it can stop and go on anywhere."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from .checkpoint import Progress, Trained, load_checkpoint, save_checkpoint, save_weights
from .clock import cpu_seconds
from .console import log
from .errors import StopRequestedError, TrainerError
from .loss import PartialLabelLoss
from .objects import ObjectStore, publish
from .precision import Precision
from .prediction import Predictor
from .records import RunRecords
from .sampling import PatchSource, seed_step
from .scoring import mean
from .specs import TrainingSpec
from .stop import StopSignal
from .validation import validate
from .volumes import Volume

# Saving may take at most this share of the time, unless `checkpoint_seconds` asks for more.
_SAVING_SHARE = 0.05


@dataclass(frozen=True)
class RunContext:
    """Everything around a run that is not its state."""

    store: ObjectStore
    records: RunRecords
    stop: StopSignal
    precision: Precision
    work_dir: Path
    checkpoint_seconds: float
    started: float
    """time.monotonic() when this attempt began"""


class TrainingRun:
    """Epoch 0 is the state before the first step; epoch n is complete after n passes over the training cases."""

    def __init__(
        self,
        spec: TrainingSpec,
        trained: Trained,
        patches: PatchSource,
        validation: Sequence[Volume],
        context: RunContext,
    ) -> None:
        self._spec = spec
        self._trained = trained
        self._patches = patches
        self._validation = validation
        self._context = context
        self._loss = PartialLabelLoss()
        self._earlier = Progress()
        self._saved_at = time.monotonic()
        self._saving_took = 0.0
        self.progress = Progress()

    def run(self) -> None:
        """Trains to the last epoch.  On a stop signal saves, uploads and raises StopRequestedError."""
        self._resume()
        try:
            while self._advance():
                self._context.stop.check()
        except StopRequestedError:
            self.save()
            log("Stopped", "saved; the next attempt goes on from here", iteration=self.progress.iteration)
            raise
        finally:
            self._context.records.close()

    def save(self) -> None:
        """Curves first, then the checkpoint: what a checkpoint claims to have recorded is in the store."""
        begun = time.monotonic()
        self._count_time()
        self._context.records.upload()
        path = self._context.work_dir / "last.pt"
        save_checkpoint(path, self._spec.sha256, self._trained, self.progress)
        self._context.store.upload(path, self._key("checkpoints/last.pt"))
        self._saved_at = time.monotonic()
        self._saving_took = self._saved_at - begun

    def _resume(self) -> None:
        path = self._context.work_dir / "resumed.pt"
        key = self._key("checkpoints/last.pt")
        found = load_checkpoint(self._context.store, key, path, self._spec.sha256, self._trained)
        if found is None:
            self._context.records.start(resumed_iteration=None, first_epoch=0)
            return
        self.progress = found
        self.progress.resumes += 1
        self._earlier = Progress(cpu_seconds=found.cpu_seconds, wall_seconds=found.wall_seconds)
        self._context.records.start(found.iteration, self._epoch + 1)
        log("Resume", iteration=found.iteration, epoch=self._epoch, best_dice=found.best_dice, resumes=found.resumes)

    @property
    def _epoch(self) -> int:
        return self.progress.iteration // self._patches.batches_per_epoch

    def _advance(self) -> bool:
        """One validation or one step; False when the run is complete."""
        position = self.progress.iteration % self._patches.batches_per_epoch
        if position == 0 and self._validation_due():
            self._validate()
            self.save()
        if self._epoch == self._spec.parameters.max_epochs:
            return False
        self._step(self._epoch, position)
        if position + 1 == self._patches.batches_per_epoch:
            self._end_epoch()
        elif self._checkpoint_due():
            self.save()
        return True

    def _checkpoint_due(self) -> bool:
        return time.monotonic() - self._saved_at > self._context.checkpoint_seconds

    def _validation_due(self) -> bool:
        """After every `validation_interval` epochs and the last; for a run that starts from a model, before too."""
        if self.progress.validated_epoch == self._epoch:
            return False
        if self._epoch == 0:
            return self._spec.initial_weights is not None
        parameters = self._spec.parameters
        return self._epoch % parameters.validation_interval == 0 or self._epoch == parameters.max_epochs

    def _step(self, epoch: int, position: int) -> None:
        precision, trained = self._context.precision, self._trained
        batch = self._patches.batch(epoch, position)
        seed_step(self._spec.parameters.seed, self.progress.iteration)
        for group in trained.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        trained.network.train()
        trained.optimizer.zero_grad(set_to_none=True)
        with precision.context():
            logits = trained.network(batch.image.to(precision.device))
        ignored = None if batch.ignored is None else batch.ignored.to(precision.device)
        loss = self._loss(logits.float(), batch.label.to(precision.device), ignored)
        trained.scaler.scale(loss).backward()
        trained.scaler.step(trained.optimizer)
        trained.scaler.update()
        self._count_loss(loss.item())

    def _count_loss(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainerError(
                "TrainingFailed",
                f"the loss is {loss} at iteration {self.progress.iteration}; lower learningRate (now "
                f"{self._spec.parameters.learning_rate}) or switch amp off",
            )
        self.progress.loss_sum += loss
        self.progress.loss_count += 1
        self.progress.iteration += 1

    def _learning_rate(self) -> float:
        """Cosine from the given rate to 0 over all steps."""
        total = self._spec.parameters.max_epochs * self._patches.batches_per_epoch
        return self._spec.parameters.learning_rate * 0.5 * (1 + math.cos(math.pi * self.progress.iteration / total))

    def _end_epoch(self) -> None:
        progress = self.progress
        loss = progress.loss_sum / progress.loss_count
        progress.loss_sum, progress.loss_count = 0.0, 0
        self._record("train_loss", loss)
        self._record("learning_rate", self._learning_rate())
        log("Epoch", f"{self._epoch}/{self._spec.parameters.max_epochs}", train_loss=loss)
        waited = time.monotonic() - self._saved_at
        cheap = self._saving_took <= _SAVING_SHARE * waited
        if self._checkpoint_due() or (cheap and not self._validation_due()):
            self.save()

    def _validate(self) -> None:
        spec = self._spec
        predictor = Predictor(self._trained.network, spec.preprocessing, self._context.precision, self._context.stop)
        scores = validate(predictor, self._validation, len(spec.classes))
        named = {region.name: score for region, score in zip(spec.classes, scores, strict=True) if score is not None}
        mean_dice = mean(scores) or 0.0
        self._record("val_mean_dice", mean_dice)
        for name, score in named.items():
            self._record(f"val_dice/{name}", score)
        log("Validation", epoch=self._epoch, mean_dice=mean_dice, values=named)
        if mean_dice > self.progress.best_dice:
            self._keep_best(mean_dice)
        self.progress.validated_epoch, self.progress.last_dice = self._epoch, mean_dice

    def _keep_best(self, mean_dice: float) -> None:
        path = self._context.work_dir / "best.pt"
        save_weights(path, self._trained.network)
        ref = publish(self._context.store, path, self._key("checkpoints/best.pt"))
        self.progress.best_dice, self.progress.best_epoch = mean_dice, self._epoch
        self.progress.best_sha256, self.progress.best_size_bytes = ref.sha256, ref.size_bytes

    def _record(self, name: str, value: float) -> None:
        self._context.records.scalar(name, value, self._epoch, self.progress.iteration)

    def _count_time(self) -> None:
        self.progress.cpu_seconds = self._earlier.cpu_seconds + cpu_seconds()
        self.progress.wall_seconds = self._earlier.wall_seconds + time.monotonic() - self._context.started

    def _key(self, name: str) -> str:
        return f"{self._spec.output_prefix}{name}"


def new_scaler(precision: Precision) -> torch.amp.GradScaler:
    return torch.amp.GradScaler(precision.device.type, enabled=precision.scale)
