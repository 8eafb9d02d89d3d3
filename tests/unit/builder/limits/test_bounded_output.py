"""How much of a build's output goes into its log."""

import pytest

from builder.limits.output import bounded


def written(lines: int, limit_kb: int, width: int = 99) -> list[str]:
    """What is passed on of so many lines of that width, given in pieces of seven."""
    passed: list[str] = []
    with bounded(passed.extend, limit_kb) as write:
        for first in range(0, lines, 7):
            write([f"{n:0{width}}" for n in range(first, min(first + 7, lines))])
    return passed


def test_output_that_fits_is_passed_on_as_it_is() -> None:
    assert written(10, limit_kb=1) == [f"{n:099}" for n in range(10)]


def test_of_too_much_output_the_beginning_and_the_last_200_lines_are_kept() -> None:
    passed = written(1000, limit_kb=10)
    assert passed[:102] == [f"{n:099}" for n in range(102)]
    assert passed[102] == (
        "[more than 10 KB of output (the setting build_log_kb): "
        "only the last 200 lines follow, at the end]"
    )
    assert passed[103] == "[698 lines are left out]"
    assert passed[104:] == [f"{n:099}" for n in range(800, 1000)]


def test_one_line_too_many_is_not_lost() -> None:
    passed = written(11, limit_kb=1)
    assert passed[-2:] == ["[0 lines are left out]", f"{10:099}"]


def test_the_end_of_the_output_follows_after_a_failure_too() -> None:
    passed: list[str] = []

    def build() -> None:
        with bounded(passed.extend, 1) as write:
            write(["x" * 2000, "the reason"])
            raise RuntimeError("it failed")

    with pytest.raises(RuntimeError):
        build()
    assert passed[-1] == "the reason"


def test_bytes_are_counted_not_characters() -> None:
    passed: list[str] = []
    with bounded(passed.extend, 1) as write:
        write(["ü" * 600])
    assert passed[0].startswith("[more than 1 KB")
