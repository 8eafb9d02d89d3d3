"""Which hosts can be routed."""

import pytest

from releases.route import BadDomain, check_domain


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
