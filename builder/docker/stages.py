"""Which image a Dockerfile's last stage stands on, as far as its text says it."""

import re
from collections.abc import Mapping

_FROM = re.compile(
    r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(?P<image>\S+)(?:[ \t]+AS[ \t]+(?P<stage>\S+))?",
    re.IGNORECASE | re.MULTILINE,
)
_ARG = re.compile(r"^[ \t]*ARG[ \t]+(\w+)(?:=(\S+))?", re.IGNORECASE | re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:(?P<bare>\w+)|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\})")


def last_base(dockerfile: str, arguments: Mapping[str, str]) -> str:
    """The image's name, through stages that stand on stages; empty if it cannot be told."""
    lines = list(_FROM.finditer(dockerfile))
    if not lines:
        return ""
    head = dockerfile[: lines[0].start()]
    known = {name: arguments.get(name, _unquoted(value)) for name, value in _ARG.findall(head)}
    stages: dict[str, str] = {}
    base = ""
    for line in lines:
        named = _expand(_unquoted(line["image"]), known)
        base = stages.get(named.lower(), named)
        if line["stage"]:
            stages[line["stage"].lower()] = base
    return "" if "$" in base else base


def _expand(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return known.get(found["bare"] or found["name"], "") or found["default"] or found[0]

    return _VARIABLE.sub(value, text)


def _unquoted(text: str) -> str:
    return text.strip("\"'")
