"""One stage for all cases, and the table at the end of the run."""

from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage, staged
from tests.faults.table import Outcome, render

PROPERTY = "faults"


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    """Three releases: one is live, one is warm, one has no containers any more."""
    with staged() as found:
        for _ in range(4):
            found.deployed()
        yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of what was run."""
    outcomes: list[Outcome] = []
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            properties = getattr(report, "user_properties", [])
            outcomes += [value for name, value in properties if name == PROPERTY]
    if outcomes:
        terminalreporter.section("faults: a part dies in the middle of a change, under load")
        terminalreporter.write_line(render(outcomes))
