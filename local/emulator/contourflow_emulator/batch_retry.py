"""AWS Batch's retry rules: whether a failed attempt is followed by another."""

from __future__ import annotations

import re
from typing import Any

from .batch_process import AttemptOutcome


def retry_strategy(definition: dict[str, Any], submission: dict[str, Any]) -> dict[str, Any]:
    """The strategy that holds for a job: the submission's, else the definition's, else one attempt."""
    strategy = submission.get("retryStrategy") or definition.get("retryStrategy") or {}
    return {"attempts": int(strategy.get("attempts") or 1), "evaluateOnExit": strategy.get("evaluateOnExit") or []}


def should_retry(strategy: dict[str, Any], attempts_made: int, outcome: AttemptOutcome) -> bool:
    """Whether another attempt follows: attempts remain, and the first rule that matches does not say EXIT.

    A failure that matches no rule is retried. A rule matches when each of its conditions does; the patterns are
    compared without case, "*" at the end matches any rest, and a reason that Batch did not give is empty text.
    """
    if attempts_made >= strategy["attempts"]:
        return False
    for rule in strategy["evaluateOnExit"]:
        if _rule_matches(rule, outcome):
            return str(rule.get("action", "")).upper() == "RETRY"
    return True


def _rule_matches(rule: dict[str, Any], outcome: AttemptOutcome) -> bool:
    facts = {
        "onExitCode": "" if outcome.exit_code is None else str(outcome.exit_code),
        "onReason": outcome.container_reason or "",
        "onStatusReason": outcome.status_reason,
    }
    return all(_pattern_matches(str(rule[name]), fact) for name, fact in facts.items() if rule.get(name) is not None)


def _pattern_matches(pattern: str, text: str) -> bool:
    expression = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None
