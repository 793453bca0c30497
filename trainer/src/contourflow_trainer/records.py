"""Curves of a run: `metrics.jsonl` for the dashboard, event files for TensorBoard."""

import json
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from .clock import now_iso
from .errors import MissingObjectError
from .objects import ObjectStore, write_atomically


class RunRecords:
    """Scalars of a run, kept locally and put to the store as they grow.

    The TensorBoard step is the epoch.  An attempt that resumes drops what an earlier attempt recorded beyond
    its checkpoint: lines from `metrics.jsonl`, and steps by TensorBoard's own purge mark.
    """

    def __init__(self, store: ObjectStore, output_prefix: str, work_dir: Path, attempt: int) -> None:
        self._store = store
        self._prefix = output_prefix
        self._folder = work_dir / "tensorboard"
        self._attempt = attempt
        self._metrics = work_dir / "metrics.jsonl"
        self._writer: SummaryWriter | None = None

    def start(self, resumed_iteration: int | None, first_epoch: int) -> None:
        """resumed_iteration: of the checkpoint, or None at the beginning; first_epoch: the next to be recorded."""
        kept = b"" if resumed_iteration is None else self._lines_up_to(resumed_iteration)
        write_atomically(self._metrics, kept)
        self._writer = SummaryWriter(
            str(self._folder),
            purge_step=None if resumed_iteration is None else first_epoch,
            filename_suffix=f".attempt{self._attempt}",
        )

    def scalar(self, name: str, value: float, epoch: int, iteration: int) -> None:
        assert self._writer is not None
        self._writer.add_scalar(name, value, epoch)
        line = {"time": now_iso(), "epoch": epoch, "iteration": iteration, "name": name, "value": value}
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def upload(self) -> None:
        """Event files are small (scalars only), and S3 objects cannot grow: each is put whole again."""
        assert self._writer is not None
        self._writer.flush()
        self._store.upload(self._metrics, f"{self._prefix}metrics.jsonl")
        for path in sorted(self._folder.iterdir()):
            self._store.upload(path, f"{self._prefix}tensorboard/{path.name}")

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _lines_up_to(self, iteration: int) -> bytes:
        try:
            recorded = self._store.read(f"{self._prefix}metrics.jsonl")
        except MissingObjectError:
            return b""
        lines = recorded.splitlines(keepends=True)
        return b"".join(line for line in lines if json.loads(line)["iteration"] <= iteration)
