"""Whatever dies at whichever step: one whole release serves, and nobody's request was lost."""

from collections.abc import Callable

import pytest

from tests.faults.cases import Case, cases, sentence, strike
from tests.faults.faults import MAY_LOSE
from tests.faults.stage import Stage

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("case", cases(), ids=sentence)
def test_one_whole_release_serves_after(
    stage: Stage, case: Case, record_property: Callable[[str, object], None]
) -> None:
    struck = strike(stage, case)
    record_property("faults", struck.outcome)
    stage.tell()

    assert struck.breaches == []
    if case.fault not in MAY_LOSE:
        assert struck.failed == []
        assert struck.mixed == []
