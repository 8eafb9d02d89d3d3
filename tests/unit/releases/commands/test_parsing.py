"""How counts and releases are read from a command line, and times are shown."""

import pytest

from releases.commands.ps import parse_count
from releases.commands.releases import parse_release
from releases.commands.table import timestamp
from releases.domain.app import BadScale
from releases.errors import BadInput


@pytest.mark.parametrize(
    ("text", "meant"),
    [("web=3", ("web", 3)), ("worker=0", ("worker", 0)), ("web=100", ("web", 100)),
     ("web=007", ("web", 7)), ("night-job=1", ("night-job", 1))],
)  # fmt: skip
def test_a_count_is_type_and_number(text: str, meant: tuple[str, int]) -> None:
    assert parse_count(text) == meant


@pytest.mark.parametrize(
    "text",
    ["web", "web=", "=3", "web=-1", "web=+1", "web=1.5", "web=three", "web=101", "web=99999",
     "web=1=2", "web =1", "web= 1", "web=٣", "web=²", "", "=", "web:3", "a/b=1", "web=1\n"],
)  # fmt: skip
def test_anything_else_is_no_count(text: str) -> None:
    with pytest.raises(BadScale, match="say for example web=3, from 0 to 100") as refused:
        parse_count(text)
    assert refused.value.exit_status == 2


@pytest.mark.parametrize(("text", "number"), [("v12", 12), ("12", 12), ("v1", 1)])
def test_a_release_is_named_with_or_without_its_letter(text: str, number: int) -> None:
    assert parse_release(text) == number


@pytest.mark.parametrize(
    "text", ["", "v", "v0", "0", "-1", "v-1", "vv1", "V1", "v01", "1.0", "v1 ", "v1\n", "latest",
             "1" * 10, "v٣"],
)  # fmt: skip
def test_anything_else_is_no_release(text: str) -> None:
    with pytest.raises(BadInput, match="is not a release; say v12 or 12"):
        parse_release(text)


def test_times_are_shown_in_utc() -> None:
    assert timestamp(1_800_000_000.9) == "2027-01-15 08:00:00"


def test_a_time_that_has_not_come_is_a_dash() -> None:
    assert timestamp(0.0) == "-"
