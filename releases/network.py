"""How a list of networks is written, and which addresses are in it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def parse_networks(text: str) -> tuple[Network, ...]:
    """`10.0.0.0/8, 192.0.2.1, fd00::/8`; ValueError where one is no network."""
    return tuple(ip_network(word) for word in text.replace(",", " ").split())


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address, as a socket has it, is in one of the networks."""
    parsed = plain_address(address)
    return any(parsed in network for network in networks)


def plain_address(address: str) -> IPv4Address | IPv6Address:
    """The address without a scope; IPv4 where it came as `::ffff:192.0.2.1`."""
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def rate_name(address: str) -> str:
    """Whom an address counts for: one host of IPv4, one network of IPv6 (a host has 2^64)."""
    parsed = plain_address(address)
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(IPv6Network((parsed, 64), strict=False))
