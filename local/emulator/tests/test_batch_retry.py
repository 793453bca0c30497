"""The first rule that matches counts: the rules of our job definitions, in their order."""

from __future__ import annotations

import pytest

from contourflow_emulator.batch_process import AttemptOutcome
from contourflow_emulator.batch_retry import should_retry

STRATEGY = {
    "attempts": 5,
    "evaluateOnExit": [
        {"action": "RETRY", "onStatusReason": "Host EC2*"},
        {"action": "RETRY", "onExitCode": "75"},
        {"action": "EXIT", "onReason": "OutOfMemoryError*"},
        {"action": "RETRY", "onExitCode": "137"},
        {"action": "EXIT", "onReason": "*"},
    ],
}
ENDED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (AttemptOutcome(137, ENDED, "OutOfMemoryError: Container killed due to memory usage"), False),
        (AttemptOutcome(137, ENDED), True),
        (AttemptOutcome(137, "Host EC2 (instance i-1) terminated."), True),
        (AttemptOutcome(75, ENDED), True),
        (AttemptOutcome(1, ENDED), False),
    ],
    ids=["out of memory", "killed", "host gone", "resumable", "failed"],
)
def test_want_of_memory_is_not_tried_again_though_it_ends_with_the_code_of_a_killed_job(
    outcome: AttemptOutcome, again: bool
) -> None:
    assert should_retry(STRATEGY, 1, outcome) is again
