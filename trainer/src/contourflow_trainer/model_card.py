"""The model card: what a reader of an exported model must know, as Markdown."""

import re
from collections.abc import Sequence

from .contracts import Json
from .specs import RegionClass


def render_model_card(name: str, classes: Sequence[RegionClass], card: Json) -> str:
    """Regions first, then every fact of `card` under its own heading, in the order given."""
    lines = [f"# {name}", "", "## Regions", "", "| mask value | region | output channel |", "|---|---|---|"]
    lines += [f"| {region.mask_value} | {_cell(region.name)} | {region.index} |" for region in classes]
    for key, value in card.items():
        lines += ["", f"## {_heading(key)}", "", *_render(value)]
    lines += [
        "",
        "## Use",
        "",
        "```",
        "python -m monai.bundle run --config_file configs/inference.json --bundle_root . \\",
        "  --dataset_dir INPUT --output_dir OUTPUT",
        "```",
        "",
        "Reads every `*.nii` and `*.nii.gz` in INPUT; writes label maps with the mask values above,",
        "on each file's own grid.",
        "`models/model.ts` is the same network as TorchScript. Not a medical device.",
        "",
        "The configuration files are under the Apache License 2.0 (`LICENSE`). "
        "The weights are governed by whoever trained them, see above.",
    ]
    return "\n".join(lines) + "\n"


def _render(value: object, depth: int = 0) -> list[str]:
    """JSON as nested Markdown lists; a scalar at the top is a paragraph."""
    indent = "  " * depth
    if isinstance(value, dict):
        return [
            line for key, entry in value.items() for line in _entry(f"{indent}- {_heading(str(key))}", entry, depth)
        ]
    if isinstance(value, list):
        return [line for entry in value for line in _entry(f"{indent}-", entry, depth)]
    return [_scalar(value)]


def _entry(start: str, value: object, depth: int) -> list[str]:
    if isinstance(value, dict | list):
        return [start if start.strip() != "-" else f"{start} (entry)", *_render(value, depth + 1)]
    separator = " " if start.strip() == "-" else ": "
    return [f"{start}{separator}{_scalar(value)}"]


def _scalar(value: object) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, float):
        return f"{value:.4g}"
    return " ".join(str(value).split())


def _heading(key: str) -> str:
    """`testDice` -> `Test dice`; a region name or an id stays as it is."""
    if not re.fullmatch(r"[a-z]+([A-Z][a-z0-9]*)*", key):
        return _scalar(key)
    words = re.sub(r"(?=[A-Z])", " ", key).lower()
    return words[0].upper() + words[1:]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
