"""What came of each case, and the table of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tabulate import tabulate


@dataclass(frozen=True)
class Outcome:
    """One fault at one step of one change."""

    change: str
    fault: str
    step: str
    requests: int
    failed: int
    mixed: int  # answers by the other release after the change was reported done
    reported_s: float  # from the fault to the verdict
    healed_s: float  # from the fault to the moment from which every invariant holds
    now_serves: str  # the old release or the new one


def render(outcomes: Sequence[Outcome]) -> str:
    """One line for each case."""
    headers = ["fault", "change", "step", "requests", "failed", "mixed", "reported", "healed", ""]
    rows = [
        (
            one.fault,
            one.change,
            one.step,
            one.requests,
            one.failed,
            one.mixed,
            f"{one.reported_s:.1f} s",
            f"{one.healed_s:.1f} s",
            one.now_serves,
        )
        for one in sorted(outcomes, key=lambda one: (one.fault, one.change))
    ]
    return tabulate(rows, headers=headers, disable_numparse=True)
