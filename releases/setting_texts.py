"""What the text of a setting has to look like, where not any text will do: ValueError says why."""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network

from releases.domain.branch import BadBranchName, parse_branches
from releases.domain.route import BadDomain, check_domain
from releases.network import parse_networks

_INSTANCE = re.compile(r"[a-z][a-z0-9-]{0,29}")  # it begins names of containers and units


def _subnet(value: str) -> str:
    if IPv4Network(value).prefixlen > 24:
        raise ValueError("needs a /24 or larger")
    return value


def _domain(value: str) -> str:
    try:
        host = check_domain(value)
    except BadDomain as error:
        raise ValueError("needs a host name such as apps.example.com") from error
    if host.startswith("*"):
        raise ValueError("needs a host name; every app has one below it")
    return host


def _instance(value: str) -> str:
    if not _INSTANCE.fullmatch(value):
        raise ValueError("needs 1 to 30 of a-z, 0-9 and -, beginning with a letter")
    return value


def _branches(value: str) -> str:
    try:
        parse_branches(value)
    except BadBranchName as error:
        raise ValueError(str(error)) from error
    return value


def _networks(value: str) -> str:
    parse_networks(value)
    return value


def _suites(value: str) -> str:
    if "{suite}" not in value:
        raise ValueError("needs {suite} where the image's name has the Debian, bookworm or trixie")
    return value


TEXTS: Mapping[str, Callable[[str], str]] = {
    "allow_from": _networks,
    "deploy_branches": _branches,
    "domain": _domain,
    "instance": _instance,
    "stack_image": _suites,
    "subnet": _subnet,
}
