"""Lists of networks."""

import pytest

from releases.network import is_in, parse_networks, rate_name

LISTED = parse_networks("10.0.0.0/8, 192.0.2.1\nfd00::/8")


@pytest.mark.parametrize("address", ["10.1.2.3", "192.0.2.1", "fd00::1", "::ffff:10.0.0.1"])
def test_addresses_in_a_list(address: str) -> None:
    assert is_in(address, LISTED)


@pytest.mark.parametrize("address", ["11.0.0.1", "192.0.2.2", "fe80::1%eth0", "::ffff:11.0.0.1"])
def test_addresses_outside_of_it(address: str) -> None:
    assert not is_in(address, LISTED)


def test_no_text_is_no_network() -> None:
    assert parse_networks(" ") == ()


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/33", "10"])
def test_what_is_no_network_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_networks(text)


def test_a_host_counts_once_however_many_addresses_it_has() -> None:
    assert rate_name("::ffff:10.0.0.1") == rate_name("10.0.0.1") == "10.0.0.1"
    assert rate_name("fd00:1::1") == rate_name("fd00:1::2%eth0") != rate_name("fd00:1:0:1::1")
