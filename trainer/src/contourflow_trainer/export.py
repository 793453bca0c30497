"""`export`: a trained model -> a MONAI bundle zip that computes the same numbers."""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .bundle import BundleModel, write_bundle, zip_bundle
from .clock import now_iso
from .console import log
from .contracts import SCHEMA_VERSION, canonical_json, check_document
from .errors import TrainerError
from .networks import build_network, check_patch_size, load_exactly, read_weights
from .objects import ObjectStore, fetch, publish
from .settings import Settings
from .specs import ExportSpec, parse_export_spec

MAX_DIFFERENCE = 1e-4


def export(spec_text: bytes, store: ObjectStore, settings: Settings) -> None:
    """Raises TrainerError; ExportFailed when the bundle does not compute what the model computes."""
    spec = parse_export_spec(spec_text)
    check_patch_size(spec.network, spec.preprocessing)
    log("Start", action="export", model=spec.model_version_id)
    network = build_network(spec.network, len(spec.classes))
    path = fetch(store, spec.weights, settings.work_dir / "weights.pt")
    load_exactly(network, read_weights(path, spec.model_version_id), spec.model_version_id)
    network.eval()
    folder = settings.work_dir / "bundle"
    shutil.rmtree(folder, ignore_errors=True)
    write_bundle(_bundle_model(spec, network), folder)
    script: Any = torch.jit.script(network)
    script.save(str(folder / "models" / "model.ts"))
    difference = parity_difference(network, spec, folder)
    log("Parity", max_difference=difference, allowed=MAX_DIFFERENCE)
    if not difference <= MAX_DIFFERENCE:
        raise TrainerError(
            "ExportFailed",
            f"the exported network differs by {difference:.3g} from the model (at most {MAX_DIFFERENCE:g} allowed); "
            "nothing was published",
        )
    _publish(store, spec, folder, settings.work_dir / "bundle.zip", difference)


def parity_difference(network: nn.Module, spec: ExportSpec, folder: Path) -> float:
    """Largest absolute difference of logits on a random image: the bundle's two networks against `network`."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, *spec.preprocessing.patch_size, generator=generator)
    reloaded = build_network(spec.network, len(spec.classes)).eval()
    load_exactly(reloaded, read_weights(folder / "models" / "model.pt", "the bundle"), "the bundle")
    load: Any = torch.jit.load
    script = load(str(folder / "models" / "model.ts")).eval()
    with torch.inference_mode():
        expected = network(image)
        differences = [float((other(image) - expected).abs().max()) for other in (reloaded, script)]
    return max(differences)


def _bundle_model(spec: ExportSpec, network: nn.Module) -> BundleModel:
    return BundleModel(
        name=spec.model_version_id,
        network=network,
        definition=spec.network,
        preprocessing=spec.preprocessing,
        classes=spec.classes,
        card=spec.model_card,
    )


def _publish(store: ObjectStore, spec: ExportSpec, folder: Path, path: Path, difference: float) -> None:
    zip_bundle(folder, path)
    result = {
        "schemaVersion": SCHEMA_VERSION,
        "modelVersionId": spec.model_version_id,
        "finishedAt": now_iso(),
        "bundle": publish(store, path, f"{spec.output_prefix}bundle.zip").to_json(),
        "parityMaxDifference": difference,
    }
    check_document("export-result", result)
    store.write(f"{spec.output_prefix}result.json", canonical_json(result))
    log("Done", bundle_bytes=path.stat().st_size)
