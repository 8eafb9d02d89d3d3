"""Back and forth between two releases under load: nothing is lost, and nothing is mixed."""

import pytest

from tests.faults.flips import flip_under_load
from tests.faults.invariants import check_invariants
from tests.faults.stage import Stage

pytestmark = pytest.mark.docker

FLIPS = 100  # `python -m bench.flips` does 1,000


def test_no_flip_loses_a_request_or_lets_the_old_release_answer(stage: Stage) -> None:
    done = flip_under_load(stage, FLIPS)
    print(done.row())

    assert done.failed == []
    assert done.mixed == []
    assert len({wanted for wanted, _, _ in done.flips}) == 2
    assert check_invariants(stage) == []
