"""Which hosts can be routed, and which weights give which share."""

import pytest

from releases.domain.route import (
    BadDomain,
    BadShare,
    BadWeights,
    Route,
    check_domain,
    read_weights,
    shares,
    weights_text,
)


@pytest.mark.parametrize(
    "host",
    ["example.com", "www.example.com", "*.example.com", "localhost", "xn--bcher-kva.example",
     "1.example.com", "a-b.c", f"{'a' * 63}.example.com"],
)  # fmt: skip
def test_a_host_name_or_a_wildcard_is_a_domain(host: str) -> None:
    assert check_domain(host) == host


def test_upper_case_and_the_last_dot_are_not_kept() -> None:
    assert check_domain("WWW.Example.COM.") == "www.example.com"


@pytest.mark.parametrize(
    "host",
    ["", ".", "*", "*.", "http://example.com", "example.com/", "example.com/path",
     "example.com:8080", "a..b", ".example.com", "-a.example.com", "a-.example.com",
     "www.*.example.com", "*example.com", "**.example.com", "ex ample.com", "example.com\n",
     "a_b.example.com", "bücher.example", "[::1]", f"{'a' * 64}.example.com",
     ".".join(["a" * 49] * 6)],
)  # fmt: skip
def test_anything_else_is_refused(host: str) -> None:
    with pytest.raises(BadDomain, match="cannot be used: a host name such as") as refused:
        check_domain(host)
    assert "\n" not in str(refused.value)


def share(old: int, new: int, percent: float) -> float:
    """Percent of the requests that the new ones get by the weights."""
    olds, news = [f"old{n}" for n in range(old)], [f"new{n}" for n in range(new)]
    weights = shares(olds, news, percent)
    assert set(weights) == {*olds, *news}
    assert all(1 <= weight <= 256 for weight in weights.values())
    return 100 * sum(weights[one] for one in news) / sum(weights.values())


@pytest.mark.parametrize(
    ("old", "new", "percent"),
    [(2, 1, 10), (10, 1, 1), (1, 1, 1), (1, 10, 5), (1, 1, 50), (3, 2, 25), (1, 2, 99), (100, 1, 1),
     (7, 3, 33.3)],
)  # fmt: skip
def test_weights_give_the_new_backends_their_share(old: int, new: int, percent: float) -> None:
    assert share(old, new, percent) == pytest.approx(percent, rel=0.05)


def test_a_share_too_small_for_the_largest_weight_is_the_smallest_there_is() -> None:
    assert shares(["old"], ["a", "b", "c", "d", "e"], 0.01) == {
        "old": 256,
        **dict.fromkeys("abcde", 1),
    }


def test_equally_near_weights_are_the_smallest() -> None:
    assert shares(["old"], ["new"], 50) == {"old": 1, "new": 1}


def test_nobody_to_share_with_is_no_weights() -> None:
    assert shares([], ["new"], 10) == shares(["old"], [], 10) == {}


@pytest.mark.parametrize("percent", [0, 100, -1, float("nan")])
def test_all_and_nothing_are_no_shares(percent: float) -> None:
    with pytest.raises(BadShare):
        shares(["old"], ["new"], percent)


def test_weights_come_back_as_they_were_kept() -> None:
    route = Route("a.test", "shop", ("one", "two"), {"two": 7, "one": 256})

    assert read_weights(weights_text(route), route.backends) == route.weights
    assert read_weights(weights_text(Route("a.test", "shop", ())), ()) == {}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", '{"one": 0}', '{"one": 257}', '{"one": 1.5}', '{"one": true}',
     '{"one": "7"}', '{"one": [1]}', '{"other": 7}', "[" * 100_000],
)  # fmt: skip
def test_any_other_text_is_no_weights(text: str) -> None:
    with pytest.raises(BadWeights):
        read_weights(text, ("one",))
