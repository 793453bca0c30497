"""`python -m contourflow_trainer.gpu_check`: is this machine's accelerator fit for training?

Trains a small run on generated data, with and without mixed precision, stops and resumes one, evaluates it, and
prints one JSON object.  Exit code 0 when every check holds.  Without a GPU it says so and checks the CPU.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import torch

from . import __version__
from .contracts import Json, canonical_json
from .errors import StopRequestedError
from .evaluate import evaluate
from .precision import convolution_error, cudnn_version, device_name
from .settings import Settings
from .stop import StopSignal
from .synthetic import SyntheticDataset, training_spec, write_dataset
from .train import train

MIN_DICE = 0.75
# Runs on one GPU differ in rounding from each other; a resumed one must not differ by more than that shows.
MAX_RESUME_DIFFERENCE = 0.1


class StopAtEpoch(StopSignal):
    """Asks for a stop as soon as the log tells that an epoch is done."""

    def __init__(self, output: io.StringIO, epoch: int) -> None:
        super().__init__()
        self._output, self._marker = output, f"Epoch: {epoch}/"

    def check(self) -> None:
        self.requested = self._marker in self._output.getvalue()
        super().check()


def main() -> int:
    parser = argparse.ArgumentParser(prog="contourflow_trainer.gpu_check", description=__doc__)
    parser.add_argument("--epochs", type=int, default=24)
    epochs: int = parser.parse_args().epochs
    with tempfile.TemporaryDirectory() as folder:
        report = check(Path(folder), epochs)
    print(json.dumps(report, indent=2))
    return 0 if report["passed"] else 1


def check(folder: Path, epochs: int) -> Json:
    """The report: what the machine is, each measurement, and whether all of them hold."""
    dataset = write_dataset(folder / "objects")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plain = _train(dataset, folder, "plain", epochs=epochs, amp=False)
    mixed = _train(dataset, folder, "mixed", epochs=epochs, amp=True)
    resumed = _train(dataset, folder, "resumed", epochs=epochs, amp=True, stop_after=epochs // 2)
    dice = {run: _test_dice(dataset, folder, run) for run in ("plain", "mixed", "resumed")}
    passed = {
        "learns": min(dice["plain"], dice["mixed"]) >= MIN_DICE,
        "resumes": resumed["resumes"] == 1 and abs(dice["resumed"] - dice["mixed"]) <= MAX_RESUME_DIFFERENCE,
    }
    return {
        "device": device_name(device),
        "versions": {"trainer": __version__, "torch": torch.__version__, "cudnn": cudnn_version()},
        "convolutionErrors": _convolution_errors(device),
        "seconds": {"plain": plain["wallSeconds"], "mixed": mixed["wallSeconds"]},
        "testDice": dice,
        "weightsAfterResume": _difference(dataset, "mixed", "resumed"),
        "checks": passed,
        "passed": all(passed.values()),
    }


def _convolution_errors(device: torch.device) -> Json:
    if device.type != "cuda":
        return {}
    return {str(dtype): convolution_error(device, dtype) for dtype in (torch.bfloat16, torch.float16)}


def _train(
    dataset: SyntheticDataset, folder: Path, run: str, *, epochs: int, amp: bool, stop_after: int | None = None
) -> Json:
    spec = training_spec(dataset, run, maxEpochs=epochs, validationInterval=max(1, epochs // 2), amp=amp)
    text = canonical_json(spec)
    output = io.StringIO()
    if stop_after is not None:
        try:
            with redirect_stdout(output):
                train(text, dataset.store, _settings(folder, f"{run}-1"), StopAtEpoch(output, stop_after))
        except StopRequestedError:
            print(f"stopped {run} after epoch {stop_after}", file=sys.stderr)
    begun = time.monotonic()
    with redirect_stdout(output):
        train(text, dataset.store, _settings(folder, f"{run}-2"), StopSignal())
    print(f"trained {run} in {time.monotonic() - begun:.1f} s", file=sys.stderr)
    result: Json = json.loads(dataset.store.read(f"runs/{run}/result.json"))
    return result


def _test_dice(dataset: SyntheticDataset, folder: Path, run: str) -> float:
    spec = training_spec(dataset, run)
    result = json.loads(dataset.store.read(f"runs/{run}/result.json"))
    best = next(entry for entry in result["checkpoints"] if entry["role"] == "best")
    evaluation = dataset.spec_data() | {
        "kind": "evaluate",
        "runId": run,
        "network": spec["network"],
        "preprocessing": spec["preprocessing"],
        "candidates": [{"candidateId": "best", "weights": best["weights"], "classes": spec["classes"]}],
        "outputKey": f"runs/{run}/evaluation.json",
    }
    with redirect_stdout(io.StringIO()):
        evaluate(canonical_json(evaluation), dataset.store, _settings(folder, f"{run}-test"), StopSignal())
    candidate = json.loads(dataset.store.read(f"runs/{run}/evaluation.json"))["candidates"][0]
    return float(candidate["meanDice"])


def _difference(dataset: SyntheticDataset, left: str, right: str) -> float:
    """Largest absolute difference of two runs' last weights; 0 on a CPU."""
    states = [
        torch.load(io.BytesIO(dataset.store.read(f"runs/{run}/checkpoints/final.pt")), weights_only=True)
        for run in (left, right)
    ]
    return max(float((states[0][key].float() - states[1][key].float()).abs().max()) for key in states[0])


def _settings(folder: Path, attempt: str) -> Settings:
    work_dir = folder / "work" / attempt
    work_dir.mkdir(parents=True)
    return Settings("", "", 1, work_dir, checkpoint_seconds=300)


if __name__ == "__main__":
    sys.exit(main())
