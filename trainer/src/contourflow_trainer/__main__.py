"""Command line of the container: one action, one spec, one exit code (0 done, 75 stopped: run again, 1 failed)."""

import argparse
import sys
import warnings
from pathlib import Path

from .console import log_failure
from .errors import EXIT_FAILED, EXIT_RETRY, MissingObjectError, StopRequestedError, TrainerError
from .objects import FolderObjectStore, ObjectStore
from .settings import Settings, job_settings, let_idle_threads_sleep
from .stop import StopSignal

ACTIONS = ("train", "evaluate", "export")
_RETRYABLE = {"UpstreamError", "ArchiveUnavailable"}


def main(arguments: list[str]) -> int:
    # Signals are answered from the first line on: importing torch alone takes seconds.
    stop = StopSignal()
    stop.listen()
    let_idle_threads_sleep()
    warnings.filterwarnings("ignore", module=r"(monai|torch|ignite)\.")
    options = _parser().parse_args(arguments)
    try:
        if options.action == "starter-bundle":
            _starter_bundle(options)
        else:
            with job_settings() as settings:
                _run(options, settings, stop)
    except StopRequestedError:
        return EXIT_RETRY
    except TrainerError as error:
        log_failure(error.code, str(error))
        return EXIT_RETRY if error.code in _RETRYABLE else EXIT_FAILED
    except Exception as error:  # the last line of the log must tell why the job ended
        return _unforeseen(error, options.action)
    return 0


def _run(options: argparse.Namespace, settings: Settings, stop: StopSignal) -> None:
    store = _store(options, settings)
    try:
        spec_text = store.read(options.spec)
    except MissingObjectError as error:
        raise TrainerError("NotFound", f"no spec at {options.spec}; give the key PlanRun wrote") from error
    if options.action == "train":
        from .train import train

        train(spec_text, store, settings, stop)
    elif options.action == "evaluate":
        from .evaluate import evaluate

        evaluate(spec_text, store, settings, stop)
    else:
        from .export import export

        export(spec_text, store, settings)


def _store(options: argparse.Namespace, settings: Settings) -> ObjectStore:
    if options.local_root is not None:
        return FolderObjectStore(options.local_root)
    from .s3_objects import connect

    return connect(settings)


def _starter_bundle(options: argparse.Namespace) -> None:
    from .starter_bundle import parse_region_values, write_starter_bundle

    write_starter_bundle(options.out, parse_region_values(options.classes), options.seed)


def _unforeseen(error: Exception, action: str) -> int:
    """Names the error for a person; the traceback goes to stderr for whoever mends it."""
    import traceback

    traceback.print_exc()
    name = type(error).__name__
    if name == "OutOfMemoryError":
        log_failure("TrainingFailed", "the device ran out of memory; lower batchSize, patchesPerVolume or patchSize")
        return EXIT_FAILED
    if type(error).__module__.startswith("botocore"):
        log_failure("UpstreamError", f"an AWS call failed ({name}); the job can be tried again")
        return EXIT_RETRY
    code = {"train": "TrainingFailed", "evaluate": "EvaluationFailed", "export": "ExportFailed"}.get(action)
    log_failure(code or "InternalError", f"{action} ended with an unforeseen {name}: {error}")
    return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="contourflow_trainer", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ACTIONS:
        command = actions.add_parser(action)
        command.add_argument("--spec", required=True, help="object key of the spec")
        command.add_argument("--local-root", type=Path, help="work on a folder of objects instead of S3")
    starter = actions.add_parser("starter-bundle", help="write an untrained MONAI bundle zip")
    starter.add_argument("--out", type=Path, required=True)
    starter.add_argument("--classes", default="Liver=10,Spleen=20,Kidney=30", help="name=mask value, ...")
    starter.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
