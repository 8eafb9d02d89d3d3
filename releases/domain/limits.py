"""On which terms processes run: what each type may take, and how often Docker restarts one."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from releases.errors import BadInput

EVERY_TYPE = "*"  # in place of a process type: all that have no such limit of their own
DEFAULT_RESTART_POLICY = "on-failure:10"
LEAST_MEMORY_MB = 6  # Docker takes no less

_MEMORY = re.compile(r"([0-9]{1,7})([mg]?)b?")
_CPUS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")
_PIDS = re.compile(r"[0-9]{1,7}")
_RESTART_POLICY = re.compile(r"no|always|unless-stopped|on-failure(?::[1-9][0-9]{0,5})?")


class BadLimit(BadInput):
    """A limit or a restart policy that cannot be had; nothing was changed."""


@dataclass(frozen=True)
class Limits:
    """What one process may take; 0: as much as there is (of `pids`: as the setting says)."""

    memory_mb: int = 0  # swap included
    cpus: float = 0.0
    pids: int = 0

    def over(self, general: "Limits") -> "Limits":
        """These, and the general ones where there is none."""
        return Limits(
            self.memory_mb or general.memory_mb,
            self.cpus or general.cpus,
            self.pids or general.pids,
        )

    def __str__(self) -> str:
        named = {"MB": self.memory_mb, "CPU": self.cpus, "processes": self.pids}
        return ", ".join(f"{value:g} {unit}" for unit, value in named.items() if value) or "none"


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Terms:
    """Of an app: limits by process type, and Docker's restart policy."""

    limits: Mapping[str, Limits] = field(default_factory=dict)
    restart_policy: str = DEFAULT_RESTART_POLICY

    def limits_of(self, process_type: str) -> Limits:
        """Its own, and those of every type where it has none."""
        own, general = (self.limits.get(name, NO_LIMITS) for name in (process_type, EVERY_TYPE))
        return own.over(general)

    def limited(self, process_type: str, given: Mapping[str, Any]) -> "Terms":
        """With some limits of a type changed: `{"memory_mb": 256}`; 0 takes one away."""
        changed = replace(self.limits.get(process_type, NO_LIMITS), **given)
        limits = {**self.limits, process_type: changed}
        return replace(self, limits={name: one for name, one in limits.items() if one != NO_LIMITS})

    def cleared(self, process_type: str) -> "Terms":
        """Without the limits of a type, or without any."""
        kept = {} if process_type == EVERY_TYPE else dict(self.limits)
        kept.pop(process_type, None)
        return replace(self, limits=kept)

    def docker_restart_policy(self) -> dict[str, object]:
        """As the engine's API has it."""
        name, _, most = self.restart_policy.partition(":")
        return {"Name": name, "MaximumRetryCount": int(most or 0)}


def terms_from(document: Mapping[str, Any]) -> Terms:
    """What `asdict` made of terms; {} is as good as none."""
    limits = {name: Limits(**one) for name, one in document.get("limits", {}).items()}
    return Terms(limits, document.get("restart_policy", DEFAULT_RESTART_POLICY))


def as_document(terms: Terms) -> dict[str, Any]:
    """For JSON."""
    return asdict(terms)


def parse_memory(text: str) -> int:
    """`256m`, `1g` or `256` to megabytes; BadLimit."""
    found = _MEMORY.fullmatch(text.lower())
    megabytes = int(found[1]) * (1024 if found[2] == "g" else 1) if found else -1
    if megabytes < 0 or 0 < megabytes < LEAST_MEMORY_MB:
        raise BadLimit(
            f"memory {text[:20]!r} cannot be used: say for example 256m or 1g, at least "
            f"{LEAST_MEMORY_MB}m, or 0 for no limit"
        )
    return megabytes


def parse_cpus(text: str) -> float:
    """`0.5` or `2`; BadLimit."""
    if not _CPUS.fullmatch(text):
        raise BadLimit(
            f"cpu {text[:20]!r} cannot be used: say for example 0.5 or 2, or 0 for no limit"
        )
    return float(text)


def parse_pids(text: str) -> int:
    """`100`; BadLimit."""
    if not _PIDS.fullmatch(text):
        raise BadLimit(
            f"pids {text[:20]!r} cannot be used: say for example 100, or 0 for the platform's own"
        )
    return int(text)


def parse_restart_policy(text: str) -> str:
    """`on-failure:20`; BadLimit."""
    if not _RESTART_POLICY.fullmatch(text):
        raise BadLimit(
            f"restart policy {text[:40]!r} cannot be used: "
            "say on-failure:20 (so many restarts), on-failure, always, unless-stopped or no"
        )
    return text
