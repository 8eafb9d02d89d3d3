"""One door for the whole interop table, and the table at the end of the run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from gitreceive.limits import Limits
from releases.platform import Platform
from releases.settings import Settings
from tests.integration.gitreceive.front_door import Door, open_door
from tests.integration.gitreceive.interop.table import Cell, render
from tests.services import need, short_directory

_PROPERTY = "interop"


@pytest.fixture(scope="package")
def interop_door(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door that stays open from cell to cell: each has an app of its own."""
    need("git")
    need("ssh")
    redis.Redis.from_url(redis_url).flushall()
    with short_directory() as home:
        settings = Settings(home=home, redis_url=redis_url, instance="paas-test", ssh_port=0)
        work = tmp_path_factory.mktemp("interop")
        with open_door(Platform.open(settings), work, [], Limits()) as door:
            door.checkout("template")
            yield door


@pytest.fixture
def copy_of_template(interop_door: Door, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A work tree with one commit, removed afterwards with all that stands beside it."""
    number = abs(hash(request.node.name)) % 10**8
    work = interop_door.home / f"app-{number}"
    shutil.copytree(interop_door.home / "template", work)
    yield work
    for left in interop_door.home.glob(f"{work.name}*"):
        shutil.rmtree(left)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of what was run."""
    results: dict[Cell, str] = {}
    for outcome, word in (("passed", "ok"), ("failed", "FAILED"), ("skipped", "skipped")):
        for report in terminalreporter.stats.get(outcome, []):
            for name, cell in getattr(report, "user_properties", []):
                if name == _PROPERTY:
                    results[cell] = word
    if results:
        terminalreporter.section("interop: operations by real clients")
        terminalreporter.write_line(render(results))
