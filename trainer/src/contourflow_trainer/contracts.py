"""Documents shared with the rest of Contourflow, checked against JSON Schemas generated from its contracts."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from .errors import TrainerError

SCHEMA_FOLDER = Path(__file__).resolve().parents[2] / "contracts"
SCHEMA_VERSION = 1
_LONGEST_REASON = 300

Json = dict[str, Any]


def parse_document(name: str, text: bytes, code: str = "InvalidRequest") -> Json:
    """Parses JSON text that must be a `name` (say "training-spec").

    Raises TrainerError(code) naming the first thing that is wrong, and UnknownSchemaVersion for a newer layout.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TrainerError(code, f"the {name} is not JSON: {error}; write it again") from error
    if isinstance(document, dict):
        _refuse_newer(name, document)
    check_document(name, document, code)
    return dict(document)


def check_document(name: str, document: object, code: str = "InternalError") -> None:
    problem = best_match(_validator(name).iter_errors(document))
    if problem is not None:
        where = "/".join(str(part) for part in problem.absolute_path) or "(whole document)"
        raise TrainerError(code, f"the {name} is not valid at {where}: {_brief(problem.message)}")


def canonical_json(document: Mapping[str, object]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMA_FOLDER / f"{name}.schema.json").read_text()))


def _refuse_newer(name: str, document: Json) -> None:
    version = document.get("schemaVersion")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise TrainerError(
            "UnknownSchemaVersion",
            f"the {name} has schemaVersion {version}; this trainer knows {SCHEMA_VERSION}: update the trainer image",
        )


def _brief(message: str) -> str:
    return message if len(message) <= _LONGEST_REASON else f"{message[:_LONGEST_REASON]}..."
