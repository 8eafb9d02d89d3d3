"""What holds for the commands of all rooms together, as a user meets them."""

import pytest

from gitreceive.__main__ import TABLES
from releases.command import Command

COMMANDS = [row for table in TABLES for row in table]
WIDTH = 80
_REPORTS = (":list", ":info", ":report")
_NO_REPORTS = {"enter", "logs", "rollback", "run", "version"}  # of those without a colon


def is_report(name: str) -> bool:
    """Whether it shows what is known: `keys`, `apps:info`."""
    return name.endswith(_REPORTS) or (":" not in name and name not in _NO_REPORTS)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_its_line_of_help_fits_a_terminal(row: Command) -> None:
    widest = max(len(one.name) for one in COMMANDS)
    assert len(f"  {'':<{widest}}  {row.summary}") <= WIDTH


@pytest.mark.parametrize(
    "row", [row for row in COMMANDS if is_report(row.name)], ids=lambda row: row.name
)
def test_every_report_prints_json_too(row: Command) -> None:
    assert "as_json" in {parameter.name for parameter in row.params}


def test_only_those_that_talk_with_whoever_runs_them_take_keys_as_they_are_typed() -> None:
    assert {row.name for row in COMMANDS if row.raw} == {"enter", "run"}


def test_what_names_no_app_and_tells_of_none_is_for_limited_keys_too() -> None:
    found = {row.name for row in COMMANDS if row.for_all}
    assert found == {"apps", "apps:list", "buildpacks", "version"}
