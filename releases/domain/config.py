"""What a config var is: names, values, a change that is applied to a config; builds' own."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from releases.errors import BadInput

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
MAX_BYTES = 512 * 1024  # all names and values of an app: Linux passes them to exec
# Of the build config: a secret of BuildKit has at most 500 KB, and there all of it is quoted.
MAX_BUILD_BYTES = 96 * 1024
# Given to builds by the platform itself.
_RESERVED = ("BUILD_CONFIG", "RUNTIME", "STACK", "TOOLCHAIN")


class BadConfig(BadInput):
    """A config var cannot be set as asked; nothing was changed."""


@dataclass(frozen=True)
class ConfigChange:
    """Names to set and names to remove. Values are secret: never in a job or a log."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    removed: tuple[str, ...] = ()

    def apply(self, config: Mapping[str, str]) -> dict[str, str]:
        """The config after the change; the change itself was checked when it was made."""
        kept = {name: value for name, value in config.items() if name not in self.removed}
        return {**kept, **self.values}

    def then(self, later: "ConfigChange") -> "ConfigChange":
        """Both, one after the other, as one."""
        removed = dict.fromkeys([*self.removed, *later.removed])
        kept = tuple(name for name in removed if name not in later.values)
        return ConfigChange(later.apply(self.values), kept)

    @property
    def title(self) -> str:
        """`Set GREETING, COLOR` or `Unset GREETING`: what the release history says."""
        parts = [f"Set {', '.join(self.values)}"] if self.values else []
        parts += [f"Unset {', '.join(self.removed)}"] if self.removed else []
        return "; ".join(parts) or "Change nothing"


@dataclass(frozen=True)
class StagedConfig:
    """A change that waits for the next release, whatever that is for."""

    change: ConfigChange = ConfigChange()
    version: int = 0  # of what waits; 0: nothing does


@dataclass(frozen=True)
class BuildConfig:
    """What an app's builds are given, beside the config that its processes get."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    digests: Mapping[str, str] = field(default_factory=dict)  # by name: whether a value changed
    version: int = 0  # goes up with every change


def check_build_config(config: Mapping[str, str]) -> None:
    """Raise BadConfig where a build cannot be given it."""
    for name in _RESERVED:
        if name in config:
            raise BadConfig(f"build config var {name}: the platform sets it; choose another name")
    check_size(config, MAX_BUILD_BYTES)


def parse_pairs(
    pairs: Iterable[str], decode: Callable[[str, str], str] | None = None
) -> dict[str, str]:
    """`["KEY=value"]` to a dict; the value is everything after the first `=`, kept exactly.

    `decode` makes a value of a name and what was given for it.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise BadConfig(
                f"{pair[:40]!r} is not KEY=value; over ssh a value with spaces needs two pairs "
                "of quotes: ssh paas \"config:set myapp KEY='two words'\""
            )
        check_name(name)
        values[name] = _check_value(name, decode(name, value) if decode else value)
    if not values:
        raise BadConfig("nothing to set; use `config:set <app> KEY=value [KEY=value ...]`")
    return values


def check_name(name: str) -> str:
    """Return the name, or raise BadConfig."""
    if not _NAME.fullmatch(name):
        raise BadConfig(
            f"config var {name[:40]!r} cannot be used: letters, digits and _, no digit first"
        )
    return name


def _check_value(name: str, value: str) -> str:
    if "\0" in value:
        raise BadConfig(
            f"config var {name}: the value has a NUL byte, which no process can be given"
        )
    # Bytes that are not UTF-8 reach us from a command line as lone surrogates.
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadConfig(f"config var {name}: the value is not UTF-8; encode it, as base64 perhaps")
    if name == "PORT" and not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        raise BadConfig(f"config var PORT must be a number from 1 to 65535, not {value[:20]!r}")
    return value


def check_size(config: Mapping[str, str], limit_bytes: int = MAX_BYTES) -> None:
    """Raise BadConfig where a process could not be started with so much environment."""
    size = sum(len(name.encode()) + len(value.encode()) + 2 for name, value in config.items())
    if size > limit_bytes:
        raise BadConfig(f"the config would take {size} bytes; the limit is {limit_bytes}")
