"""What an app says of its own releases in app.json: checks, commands, config, how many of what."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releases.domain.app import MAX_PROCESSES, is_process_type
from releases.domain.check import STARTUP, Check
from releases.domain.config import BadConfig, parse_pairs
from releases.errors import PaasError
from releases.schema import Key, find_fault, is_number, is_text, is_texts, is_whole_number

FILE = "app.json"
SECRET = "secret"  # noqa: S105 - the name of the one generator that there is
_MAX_BYTES = 256 * 1024
_MOST = 200  # checks of a process type, env vars, process types
_KINDS = ("command", "path", "listening", "uptime")


class BadAppJson(PaasError):
    """The app.json cannot be used; names the key and what was expected."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{FILE}: {what}")


@dataclass(frozen=True)
class Scripts:
    """Shell lines that are run at a deploy; empty: none."""

    predeploy: str = ""  # before anything starts; what it changes is kept in the image
    postdeploy: str = ""  # once the release serves
    first_postdeploy: str = ""  # the same, at the app's first deploy

    @property
    def has_postdeploy(self) -> bool:
        """Whether something may have to be run once a release serves."""
        return bool(self.postdeploy or self.first_postdeploy)


@dataclass(frozen=True)
class EnvVar:
    """A config var that the app needs."""

    value: str | None = field(default=None, repr=False)
    generator: str = ""
    required: bool = True
    description: str = ""


@dataclass(frozen=True)
class AppJson:
    """All of an app.json that is used here."""

    healthchecks: Mapping[str, tuple[Check, ...]] = field(default_factory=dict, hash=False)
    scripts: Scripts = Scripts()
    env: Mapping[str, EnvVar] = field(default_factory=dict, hash=False)
    formation: Mapping[str, int] = field(default_factory=dict, hash=False)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "AppJson":
        """What `asdict` made of one, or of one of an earlier version."""
        checks = record.get("healthchecks", {})
        return cls(
            {name: tuple(map(Check.from_record, found)) for name, found in checks.items()},
            Scripts(**record.get("scripts", {})),
            {name: EnvVar(**one) for name, one in record.get("env", {}).items()},
            dict(record.get("formation", {})),
        )


SAYS_NOTHING = AppJson()


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict) and len(value) <= _MOST


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("/", "$", "{{"))


def _is_headers(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and is_text(one.get("name")) and isinstance(one.get("value"), str)
        for one in value
    )


def _one_of(*words: str) -> Key:
    return Key(" or ".join(words), lambda value: isinstance(value, str) and value in words)


_SECONDS = Key("seconds from 0 to 3600", is_number(0, 3600))
_OBJECT = Key("an object", _is_mapping)
_LINE = Key("a command line", is_text)
_FLAG = Key("true or false", _is_flag)
_TEXT = Key("text", lambda value: isinstance(value, str))
_KEYS = {"healthchecks": _OBJECT, "scripts": _OBJECT, "env": _OBJECT, "formation": _OBJECT}
_SCRIPTS = {"postdeploy": _LINE, "dokku": _OBJECT}
_DOKKU_SCRIPTS = {"predeploy": _LINE, "postdeploy": _LINE}
_ENV = {"value": _TEXT, "generator": _one_of(SECRET), "required": _FLAG, "description": _TEXT}
_FORMATION = {
    "quantity": Key(f"a whole number from 0 to {MAX_PROCESSES}", is_whole_number(0, MAX_PROCESSES))
}
_CHECK = {
    "type": _one_of(STARTUP, "readiness", "liveness"),
    "name": Key("text", is_text),
    "path": Key("a path that begins with /", _is_path),
    "content": _TEXT,
    "command": Key("a list of words", is_texts),
    "listening": _FLAG,
    "uptime": _SECONDS,
    "attempts": Key("a whole number from 0 to 1000", is_whole_number(0, 1000)),
    "timeout": _SECONDS,
    "wait": _SECONDS,
    "initialDelay": _SECONDS,
    "port": Key("a port from 1 to 65535", is_whole_number(1, 65535)),
    "scheme": _one_of("http", "https"),
    "httpHeaders": Key("a list of objects with name and value", _is_headers),
    "warn": _FLAG,
}
_OWN_NAMES = {"initialDelay": "initial_delay", "httpHeaders": "headers"}  # where ours differ


def parse_app_json(text: str) -> AppJson:
    """Read one; BadAppJson for a mistake in what is used here. What is not, is ignored."""
    document = _load(text)
    _check("", document, _KEYS)
    sizes = _named("formation", document, is_process_type, "a process type", _size)
    return AppJson(
        _named("healthchecks", document, is_process_type, "a process type", _checks),
        _scripts(document.get("scripts", {})),
        _named("env", document, is_text, "a name", _env_var),
        {name: size for name, size in sizes.items() if size is not None},
    )


def _load(text: str) -> Any:
    if len(text) > _MAX_BYTES:
        raise BadAppJson(f"it has {len(text)} characters; {_MAX_BYTES} are allowed")
    if "\\u0000" in text:
        raise BadAppJson("it has a NUL byte, which no process can be given")
    try:
        document = json.loads(text.removeprefix("\ufeff"))
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise BadAppJson(f"line {error.lineno}: not JSON: {error.msg}") from error
    except UnicodeEncodeError as error:
        raise BadAppJson("it has half of a character, an escape such as \\ud800") from error
    except (ValueError, RecursionError) as error:
        raise BadAppJson("not JSON: a number too long, or nested too deep") from error
    return document


def _check(where: str, document: Any, keys: Mapping[str, Key]) -> None:
    place = f"{where}: " if where else ""
    if not isinstance(document, dict):
        raise BadAppJson(f'{place}expected an object, {{"key": value}}')
    if fault := find_fault(document, keys):
        raise BadAppJson(f"{place}{fault}")


def _named(
    section: str,
    document: Mapping[str, Any],
    is_name: Callable[[str], bool],
    kind: str,
    read: Callable[[str, Any], Any],
) -> dict[str, Any]:
    """A section whose keys are names of the app's own."""
    found: dict[str, Any] = document.get(section, {})
    for name in found:
        if not is_name(name):
            raise BadAppJson(f"{section}: expected {kind} as key, found {name[:60]!r}")
    return {name: read(f"{section}.{name}", one) for name, one in found.items()}


def _checks(where: str, found: Any) -> tuple[Check, ...]:
    if not isinstance(found, list) or len(found) > _MOST:
        raise BadAppJson(f"{where}: expected a list of checks")
    return tuple(_read_check(f"{where}[{at}]", one) for at, one in enumerate(found))


def _read_check(where: str, document: Any) -> Check:
    _check(where, document, _CHECK)
    kinds = [kind for kind in _KINDS if document.get(kind)]
    if len(kinds) > 1:
        raise BadAppJson(f"{where}: key {kinds[1]}: expected it or {kinds[0]}, and not both")
    known = {_OWN_NAMES.get(name, name): document[name] for name in _CHECK if name in document}
    headers = [(one["name"], one["value"]) for one in document.get("httpHeaders", [])]
    return Check(
        **{**known, "command": tuple(document.get("command", ())), "headers": tuple(headers)}
    )


def _scripts(document: Any) -> Scripts:
    _check("scripts", document, _SCRIPTS)
    dokku = document.get("dokku", {})
    _check("scripts.dokku", dokku, _DOKKU_SCRIPTS)
    before, after = dokku.get("predeploy", ""), dokku.get("postdeploy", "")
    return Scripts(before, after, document.get("postdeploy", ""))


def _env_var(where: str, document: Any) -> EnvVar:
    found = {"value": document} if isinstance(document, str) else document
    _check(where, found, _ENV)
    try:
        parse_pairs([f"{where.removeprefix('env.')}={found.get('value', '1')}"])
    except BadConfig as error:
        raise BadAppJson(f"{where}: {error}") from error
    known: dict[str, Any] = {name: found[name] for name in _ENV if name in found}
    return EnvVar(**known)


def _size(where: str, document: Any) -> int | None:
    _check(where, document, _FORMATION)
    size: int | None = document.get("quantity")
    return size
