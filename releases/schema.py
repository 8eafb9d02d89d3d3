"""How a document that somebody else wrote is checked: a table of keys, and what a key may hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN_CHARS = 60


@dataclass(frozen=True)
class Key:
    """What a key may hold."""

    expected: str
    check: Callable[[Any], bool]
    required: bool = False


def find_fault(document: Mapping[Any, Any], keys: Mapping[str, Key]) -> str:
    """What is wrong with the first key that cannot be used, "" if all can; others are ignored."""
    for name, key in keys.items():
        if name not in document and key.required:
            return f"key {name} is missing: {key.expected}"
        if name in document and not key.check(document[name]):
            found = repr(document[name])
            shown = found if len(found) <= _SHOWN_CHARS else f"{found[:_SHOWN_CHARS]}..."
            return f"key {name}: expected {key.expected}, found {shown}"
    return ""


def is_text(value: object) -> bool:
    """Whether it is text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_texts(value: object) -> bool:
    """Whether it is a list of such texts, with at least one."""
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def is_text_mapping(value: object) -> bool:
    """Whether it is a mapping of such texts to such texts, with at least one."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(is_text(name) and is_text(one) for name, one in value.items())
    )


def is_whole_number(least: int, most: int) -> Callable[[Any], bool]:
    """A check for a whole number from `least` to `most`; true and false are none."""
    return lambda value: type(value) is int and least <= value <= most


def is_number(least: float, most: float) -> Callable[[Any], bool]:
    """A check for a number from `least` to `most`."""
    return lambda value: type(value) in (int, float) and least <= value <= most
