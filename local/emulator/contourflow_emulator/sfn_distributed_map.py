"""Distributed Map in full: ItemBatcher, ResultWriter and JSONata, which ministack ignores without a word.

ministack's own runner still starts the child executions. Around it, the items are read, selected and batched
first, so that it sees a plain list; afterwards results are written out and the state's output is computed.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from ministack.services import stepfunctions as sfn

from . import upstream
from .sfn_s3 import write_object

for _name in (
    "_apply_jsonata_template",
    "_apply_jsonata_output",
    "_apply_state_assign",
    "_apply_output_path",
    "_apply_result_path",
    "_apply_result_selector",
    "_read_map_items",
    "_resolve_params_obj",
    "_resolve_path_or_ctx",
    "_state_query_language",
):
    upstream.require(sfn, _name)

_OUTPUT_FIELDS = ("ResultSelector", "ResultPath", "OutputPath", "Output", "Assign")
_NUMBERS = ("MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount")
_DEFAULT_BATCH = 100


def install() -> None:
    """Put the complete runner in the place of ministack's."""
    upstream.replace(sfn, "_run_distributed_map", lambda original: _Runner(original).run)


class _Evaluation:
    """Evaluates fields of one Map state in its query language."""

    def __init__(self, state: dict[str, Any], raw_input: Any, effective: Any, context: dict[str, Any]) -> None:
        self.jsonata = sfn._state_query_language(state, context) == "JSONata"
        self._raw, self._effective, self._context = raw_input, effective, context

    def template(self, value: Any, item: tuple[int, Any] | None = None) -> Any:
        """`value` with its expressions evaluated, in the scope of an item where one is given."""
        context = self._context
        if item is not None:
            context = copy.deepcopy(context)
            context["Map"] = {"Item": {"Index": item[0], "Value": item[1]}}
        if self.jsonata:
            return sfn._apply_jsonata_template(value, self._raw, context)
        return sfn._resolve_params_obj(value, self._effective, context)

    def items(self, state: dict[str, Any]) -> list[Any]:
        """The items of the state, from its reader or its input; one value that is no list is one item."""
        reader = state.get("ItemReader")
        if reader is not None:
            if self.jsonata:
                reader = {
                    **reader,
                    **{k: self.template(reader[k]) for k in ("Arguments", "ReaderConfig") if k in reader},
                }
            found = sfn._read_map_items(reader, self._effective, self._context)
        elif self.jsonata and "Items" in state:
            found = self.template(state["Items"])
        else:
            path = state.get("ItemsPath", "$")
            found = sfn._resolve_path_or_ctx(path, self._effective, self._context)
        return found if isinstance(found, list) else [found]


class _Runner:
    def __init__(self, original: Any) -> None:
        self._original = original

    def run(
        self,
        state: dict[str, Any],
        raw_input: Any,
        effective: Any,
        iterator: dict[str, Any],
        execution: dict[str, Any],
        context: dict[str, Any],
    ) -> tuple[Any, str | None]:
        """Run a Distributed Map state; output and name of the next state."""
        evaluation = _Evaluation(state, raw_input, effective, context)
        items = _batched(state, _selected(state, evaluation), evaluation)
        plain = {
            key: value
            for key, value in state.items()
            if key
            not in {"ItemReader", "Items", "ItemSelector", "Parameters", "ItemBatcher", "ResultWriter", *_OUTPUT_FIELDS}
        }
        plain.update({key: evaluation.template(plain[key]) for key in _NUMBERS if key in plain and evaluation.jsonata})
        plain.update(ItemsPath="$.items", QueryLanguage="JSONPath")
        holder = {"items": items}
        before = set(sfn._map_runs.keys())
        results, following = self._original(plain, holder, holder, iterator, execution, context)
        if "ResultWriter" in state:
            runs = [run for arn, run in sfn._map_runs.items() if arn not in before]
            run = next(r for r in reversed(runs) if r["executionArn"] == execution["executionArn"])
            results = _write_results(state["ResultWriter"], evaluation, run)
        return _output(state, raw_input, context, results, jsonata=evaluation.jsonata), following


def _selected(state: dict[str, Any], evaluation: _Evaluation) -> list[Any]:
    items = evaluation.items(state)
    selector = state.get("ItemSelector") or state.get("Parameters")
    if selector is None:
        return items
    return [evaluation.template(selector, (index, item)) for index, item in enumerate(items)]


def _batched(state: dict[str, Any], items: list[Any], evaluation: _Evaluation) -> list[Any]:
    batcher = state.get("ItemBatcher")
    if batcher is None:
        return items
    settings = evaluation.template(batcher) if evaluation.jsonata else batcher
    size = int(settings.get("MaxItemsPerBatch") or _DEFAULT_BATCH)
    limit = settings.get("MaxInputBytesPerBatch")
    shared = settings.get("BatchInput")
    if shared is not None and not evaluation.jsonata:
        shared = evaluation.template(shared)
    head = {} if shared is None else {"BatchInput": shared}
    return [{**head, "Items": group} for group in _groups(items, size, int(limit) if limit else None)]


def _groups(items: list[Any], size: int, byte_limit: int | None) -> list[list[Any]]:
    groups: list[list[Any]] = []
    weight = 0
    for item in items:
        grown = weight + len(json.dumps(item).encode())
        if not groups or len(groups[-1]) >= size or (byte_limit is not None and grown > byte_limit):
            groups.append([])
            grown -= weight
        groups[-1].append(item)
        weight = grown
    return groups


def _write_results(writer: dict[str, Any], evaluation: _Evaluation, run: dict[str, Any]) -> dict[str, Any]:
    """Write SUCCEEDED_0.json, FAILED_0.json and manifest.json under the writer's prefix, as AWS lays them out."""
    place = evaluation.template(writer.get("Arguments") or writer.get("Parameters") or {})
    folder = f"{(place.get('Prefix') or '').strip('/')}/{run['mapRunArn'].rsplit(':', 1)[-1]}".lstrip("/")
    children = [child for child in sfn._executions.values() if child.get("mapRunArn") == run["mapRunArn"]]
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status, listed in files.items():
        rows = [_row(child) for child in children if child["status"] == status]
        if rows:
            key = f"{folder}/{status}_0.json"
            body = json.dumps(rows)
            write_object({"Bucket": place["Bucket"], "Key": key, "Body": body, "ContentType": "application/json"})
            listed.append({"Key": key, "Size": len(body.encode())})
    manifest = {"DestinationBucket": place["Bucket"], "MapRunArn": run["mapRunArn"], "ResultFiles": files}
    key = f"{folder}/manifest.json"
    write_object(
        {"Bucket": place["Bucket"], "Key": key, "Body": json.dumps(manifest), "ContentType": "application/json"}
    )
    return {"MapRunArn": run["mapRunArn"], "ResultWriterDetails": {"Bucket": place["Bucket"], "Key": key}}


def _row(child: dict[str, Any]) -> dict[str, Any]:
    row = {
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "Output": child.get("output"),
        "OutputDetails": {"Included": True},
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": child["stopDate"],
    }
    if child.get("error"):
        row.update(Error=child["error"], Cause=child.get("cause"))
    return row


def _output(state: dict[str, Any], raw_input: Any, context: dict[str, Any], results: Any, *, jsonata: bool) -> Any:
    if jsonata:
        output = sfn._apply_jsonata_output(state, raw_input, context, result=results, default=results)
        sfn._apply_state_assign(state, raw_input, context, result=results)
        return output
    merged = sfn._apply_result_path(state, raw_input, sfn._apply_result_selector(state, results))
    return sfn._apply_output_path(state, merged, context)
