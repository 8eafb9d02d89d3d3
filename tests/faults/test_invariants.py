"""A check that cannot fail is a defect: each invariant is broken once, and the check says so."""

import pytest

from tests.faults.breaks import BREAKS, Break
from tests.faults.invariants import breaches, check_invariants
from tests.faults.stage import Stage

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.__name__.replace("_", " "))
def test_the_check_sees_what_is_broken(stage: Stage, broken: Break) -> None:
    assert check_invariants(stage) == []
    with broken(stage):
        found = breaches(stage)
    assert [line for line in found if BREAKS[broken] in line], found
    assert check_invariants(stage) == []


def test_the_check_says_what_does_not_answer(stage: Stage) -> None:
    stage.whole.stop_redis()
    try:
        found = breaches(stage)
    finally:
        stage.whole.start_redis()
    assert found[0].startswith("something does not answer: ")
    assert check_invariants(stage) == []
