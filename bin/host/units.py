"""How the table of processes reads as systemd units, and where those are written."""

import os
import pwd
from collections.abc import Iterable, Mapping
from pathlib import Path

from host.processes import NAMES, STOPS_LAST, Process, marked
from releases.errors import PaasError
from releases.settings import PROJECT

SYSTEM_UNITS = Path("/etc/systemd/system")


class UnitsNotWritten(PaasError):
    """systemd's directory is not ours to write to."""


def render(instance: str, processes: Iterable[Process]) -> dict[str, str]:
    """File name -> text. `instance` begins every name: two platforms, one machine."""
    rows = list(processes)
    own_redis = any(row.name == STOPS_LAST for row in rows)
    units = {unit_file(instance, row): _service(instance, row, own_redis) for row in rows}
    return {**units, f"{instance}.target": _target(instance, rows)}


def unit_file(instance: str, process: Process) -> str:
    """`paas-redis.service`, or `paas-builder@.service` for a row that runs more than once."""
    return f"{instance}-{process.name}{'@' if process.count > 1 else ''}.service"


def unit_names(instance: str, process: Process) -> list[str]:
    """The units that run: `paas-builder@1.service`, `paas-builder@2.service`."""
    if process.count == 1:
        return [unit_file(instance, process)]
    numbers = range(1, process.count + 1)
    return [f"{instance}-{process.name}@{number}.service" for number in numbers]


def patterns(instance: str) -> list[str]:
    """Globs for all services that a platform can have, and no other platform's.

    All are globs: systemctl minds a plain name that is not loaded, not a glob without a match.
    """
    names = [f"{instance}-{name}" for name in NAMES]
    return [pattern for name in names for pattern in (f"{name}.servic[e]", f"{name}@*.service")]


def remove_others(directory: Path, instance: str, units: Iterable[str]) -> list[str]:
    """Remove the unit files of rows that are in the table no more; return their names."""
    wanted = set(units)
    found = [path for pattern in patterns(instance) for path in directory.glob(pattern)]
    for path in (gone := [path for path in found if path.name not in wanted]):
        path.unlink()
    return [path.name for path in gone]


def write(directory: Path, units: Mapping[str, str]) -> list[str]:
    """Write what differs; return those names."""
    changed = [name for name, text in units.items() if _current(directory / name) != text]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in changed:
            _replace(directory / name, units[name])
    except PermissionError as error:
        raise UnitsNotWritten(
            f"{directory} can be written by root only; run as root, or name another directory: "
            "./bin/up --systemd --units DIR"
        ) from error
    return changed


def _current(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)  # the environment may hold a Redis password
    fresh.write_text(text)
    fresh.replace(path)


def _service(instance: str, process: Process, own_redis: bool) -> str:
    needs_redis = own_redis and process.name != STOPS_LAST
    # What starts after Redis stops before it.
    after = f" {instance}-{STOPS_LAST}.service" if needs_redis else ""
    number = " %i" if process.count > 1 else ""
    environ = [f"Environment={_quote(f'{k}={v}')}" for k, v in sorted(marked(process).items())]
    return "\n".join(
        [
            "[Unit]",
            f"Description=paas: {process.name}{number}",
            f"PartOf={instance}.target",
            f"After=network.target docker.service{after}",
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=exec",
            f"User={pwd.getpwuid(os.getuid()).pw_name}",
            f"WorkingDirectory={_specifier(str(PROJECT))}",
            *environ,
            f"ExecStart={' '.join(_quote(word, in_command=True) for word in process.arguments)}",
            "Restart=always",
            "RestartSec=1",
            "KillMode=mixed",
            f"TimeoutStopSec={process.stop_s}",
            "",
        ]
    )


def _target(instance: str, processes: list[Process]) -> str:
    wanted = [name for process in processes for name in unit_names(instance, process)]
    return "\n".join(
        [
            "[Unit]",
            "Description=paas: push, build, roll out",
            f"Wants=docker.service {' '.join(wanted)}",
            "After=docker.service",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )


def _specifier(value: str) -> str:
    return value.replace("%", "%%")


def _quote(value: str, in_command: bool = False) -> str:
    escaped = _specifier(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped.replace("$", "$$") if in_command else escaped}"'
