"""How files of an app that steer its build are read: JSON and TOML, with the line of a mistake."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from builder.source.contents import Contents
from releases.errors import PaasError

_TOML_LINE = re.compile(r"at line (\d+)")


class MalformedFile(PaasError):
    """A file of the app is not what its name says; names the file and the line."""

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path} line {line}: {why}")


def read_value(contents: Contents, path: str, key: str) -> Any:
    """What a JSON or TOML file of the source has at "scripts.build"; None where it has nothing."""
    value = _parse(path, contents.text(path) or "")
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def texts_of(value: Any) -> Iterator[str]:
    """The value as texts to be searched: a list's one by one."""
    if isinstance(value, list):
        yield from map(str, value)
    else:
        yield str(value)


def line_of(text: str, *words: str) -> int:
    """The number of the first line that has all the words; 1 if none has."""
    for number, line in enumerate(text.splitlines(), 1):
        if all(word in line for word in words):
            return number
    return 1


def _parse(path: str, text: str) -> Any:
    """Also numbers too long and nesting too deep for Python are mistakes of the file."""
    text = text.removeprefix("\ufeff")
    is_toml = path.endswith((".toml", ".lock")) and not text.lstrip().startswith("{")
    try:
        return tomllib.loads(text) if is_toml else json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "TOML" if is_toml else "JSON"
        why = error.msg if isinstance(error, json.JSONDecodeError) else error
        raise MalformedFile(path, _line(error, text), f"not {kind}: {why}") from error


def _line(error: Exception, text: str) -> int:
    if isinstance(error, json.JSONDecodeError):
        return error.lineno
    match = _TOML_LINE.search(str(error))
    return int(match[1]) if match else text.count("\n") + 1
