"""Which faults strike at which steps, and how one of these cases is played."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from releases.store.connection import NoRedis
from tests.faults.changes import asked, prepare
from tests.faults.faults import FAULTS, NOTHING, SSH_SERVER
from tests.faults.invariants import check_invariants
from tests.faults.shown import watching
from tests.faults.stage import SHOP, SLOW, Stage
from tests.faults.steps import STEPS, TARGET, Step
from tests.faults.table import Outcome
from tests.load import Load, Request, load_on
from tests.services import wait_for

HEALED_S = 20.0
_SOME = 20  # answers


@dataclass(frozen=True)
class Case:
    """A fault at a step of a change."""

    change: str
    step: Step
    fault: str


@dataclass(frozen=True)
class Struck:
    """What came of it."""

    outcome: Outcome
    breaches: Sequence[str]
    failed: Sequence[Request]
    mixed: Sequence[Request]


def cases() -> list[Case]:
    """The product of all steps and faults, or one fault at each step of each change, in turns.

    Then each fault strikes every change at another step, and each step is struck in two changes or
    three; one that a single change has is struck twice.
    """
    steps = [(change, step) for change, found in STEPS.items() for step in found]
    faults = [name for name in FAULTS if name != NOTHING]
    names = [step.name for _, step in steps]
    turns = [one for one in steps for _ in range(2 if names.count(one[1].name) == 1 else 1)]
    undisturbed = [Case(change, TARGET, NOTHING) for change in STEPS]
    if os.environ.get("FAULTS") == "all":
        return undisturbed + [Case(*one, fault) for one in steps for fault in faults]
    return undisturbed + [
        Case(*one, fault) for one, fault in zip(turns, cycle(faults), strict=False)
    ]


def sentence(case: Case) -> str:
    """As pytest shows it."""
    return f"{case.fault} at {case.step.name} of a {case.change}"


def strike(stage: Stage, case: Case) -> Struck:
    """Ask for the change under load, strike when the step is seen, wait until all is at rest."""
    prepare(stage, case.change)
    before = stage.app.live
    host = stage.whole.settings.host(SHOP)
    with load_on(stage.whole.settings.http_port, host, SLOW) as load:
        wait_for(lambda: SLOW in load.begun and load.count("/") > _SOME, "the load")
        struck, reported = _play(stage, case, load)
        wait_for(lambda: len(_begun_after(load, reported)) > _SOME, "answers after the verdict")
        load.stop()
        breaches = check_invariants(stage, HEALED_S)
        healed = time.monotonic()
    live = stage.app.live
    assert live
    assert before
    wrong = [
        one
        for one in _begun_after(load, reported)
        if one.status == 200 and one.body.strip() != f"v{live.containers_of}"
    ]
    outcome = Outcome(
        case.change,
        case.fault,
        case.step.name,
        requests=len(load.requests),
        failed=len(load.failed()),
        mixed=len(wrong),
        reported_s=reported - struck,
        healed_s=healed - struck,
        now_serves="old" if live.release == before.release else "new",
    )
    return Struck(outcome, breaches, load.failed(), wrong)


def _play(stage: Stage, case: Case, load: Load) -> tuple[float, float]:
    """When it struck, and when it was reported how the change had ended."""
    by_ssh = case.fault == SSH_SERVER
    with watching(stage) as shown, asked(stage, case.change, shown, by_ssh=by_ssh) as log:
        assert shown.await_step(case.step.is_reached, 20), f"{case.step.name} was never seen"
        struck = time.monotonic()
        FAULTS[case.fault](stage, load)
        return struck, _await_verdict(stage, log)


def _await_verdict(stage: Stage, log: str) -> float:
    def has_ended() -> bool:
        stage.tend()
        try:
            return stage.whole.platform.store.logs.has_ended(log)
        except NoRedis:
            return False

    wait_for(has_ended, f"the verdict of {log}", HEALED_S)
    return time.monotonic()


def _begun_after(load: Load, moment: float) -> list[Request]:
    return [one for one in list(load.requests) if one.began > moment]
