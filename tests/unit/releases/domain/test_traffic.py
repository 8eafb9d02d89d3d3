"""What adds up, and from where on a release is worse than the one before it."""

import pytest

from releases.domain.traffic import Tally, Thresholds, Traffic, verdict

FINE = Traffic(1000, 0, 80.0)


def worse(before: Traffic, after: Traffic) -> str:
    """By the thresholds that hold unless something else is said."""
    return verdict(before, after, Thresholds(), "v4")


def test_traffic_adds_up_and_latency_is_the_mean_of_all_requests() -> None:
    assert Traffic(10, 1, 100.0) + Traffic(30, 2, 20.0) == Traffic(40, 3, 40.0)
    assert Traffic() + Traffic() == Traffic()
    assert sum([Traffic(1), Traffic(2)], Traffic()) == Traffic(3)


def test_an_earlier_count_taken_away_leaves_what_came_after() -> None:
    assert Traffic(40, 3, 40.0) - Traffic(10, 1, 100.0) == Traffic(30, 2, 20.0)


def test_a_count_that_began_anew_leaves_nothing_negative() -> None:
    assert Traffic(3, 1, 5.0) - Traffic(10, 2, 100.0) == Traffic()
    assert Traffic(11, 2, 1.0) - Traffic(10, 0, 100.0) == Traffic(1, 1, 0.0)


def test_a_tally_is_the_sum_of_its_workers() -> None:
    assert Tally("shop", {"": Traffic(1), "7": Traffic(2, 1)}).total == Traffic(3, 1)
    assert Tally("shop", {}).total == Traffic()


def test_fewer_requests_than_twenty_say_nothing() -> None:
    assert worse(FINE, Traffic(19, 19, 9999.0)) == ""
    assert worse(FINE, Traffic(20, 20, 1.0)) == "100 % of 20 requests failed (v4: 0 %)"


def test_five_percent_of_errors_are_not_worse_and_more_are() -> None:
    assert worse(FINE, Traffic(100, 5)) == ""
    assert worse(FINE, Traffic(100, 6)) == "6 % of 100 requests failed (v4: 0 %)"


def test_twice_the_errors_of_before_are_not_worse_and_more_are() -> None:
    before = Traffic(100, 10)
    assert worse(before, Traffic(100, 20)) == ""
    assert worse(before, Traffic(100, 21)) == "21 % of 100 requests failed (v4: 10 %)"


def test_two_failed_requests_are_chance_and_three_are_not() -> None:
    assert worse(FINE, Traffic(20, 2)) == ""
    assert worse(FINE, Traffic(20, 3)) == "15 % of 20 requests failed (v4: 0 %)"


def test_latency_is_worse_above_three_times_and_200_ms_more() -> None:
    assert worse(Traffic(100, 0, 80.0), Traffic(100, 0, 280.0)) == ""
    assert worse(Traffic(100, 0, 80.0), Traffic(100, 0, 281.0)) == (
        "answers take 281 ms (v4: 80 ms)"
    )
    assert worse(Traffic(100, 0, 200.0), Traffic(100, 0, 600.0)) == ""
    assert worse(Traffic(100, 0, 200.0), Traffic(100, 0, 601.0)) == (
        "answers take 601 ms (v4: 200 ms)"
    )


@pytest.mark.parametrize("before", [Traffic(), Traffic(19, 0, 1.0)])
def test_with_nothing_to_compare_only_more_than_half_failed_is_worse(before: Traffic) -> None:
    assert worse(before, Traffic(100, 50, 9999.0)) == ""
    assert worse(before, Traffic(100, 51, 9999.0)) == "51 % of 100 requests failed"


def test_twenty_requests_are_something_to_compare_with() -> None:
    assert worse(Traffic(20), Traffic(100, 6)) != ""


def test_a_share_of_a_percent_is_said() -> None:
    assert worse(Traffic(1000, 3), Traffic(340, 41)) == ("12 % of 340 requests failed (v4: 0.3 %)")


def test_thresholds_are_what_one_says() -> None:
    strict = Thresholds(requests=1, errors=1, error_percent=0.0)
    assert verdict(Traffic(1), Traffic(1, 1), strict) == "100 % of 1 requests failed (before: 0 %)"
