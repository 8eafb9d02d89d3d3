"""What Docker is asked for when a one-off is created, and how one is known again: all pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from releases.domain.container import (
    ADDRESS,
    APP,
    INSTANCE,
    PORT,
    RELEASE,
    Container,
    Slot,
    is_condemned,
)
from releases.domain.one_off import PROCESS_TYPE, OneOff, Run, process_type
from releases.engine.create import create_request, environment
from releases.settings import Settings

NUMBER = "paas.run"  # a container that carries it is a one-off, and fills no slot
WHO = "paas.run.by"
UNTIL = "paas.run.until"  # Unix seconds; 0: somebody attends it


def one_off_request(
    settings: Settings, run: Run, command: Sequence[str] | None, address: str
) -> dict[str, object]:
    """The engine's `POST /containers/create` body.

    It begins as that of a process: a limit or a lock on processes holds for one-offs too.
    """
    like = Slot(run.release.number, 0, _like(run), run.number)
    request: dict[str, Any] = create_request(settings, run.release, like, address)
    return {
        **request,
        "Cmd": list(command) if command else None,
        "Env": [f"{name}={value}" for name, value in _environment(run).items()],
        "Labels": labels(settings.instance, run, address),
        "HostConfig": {**request["HostConfig"], **_host_config(run, request)},
        **({} if run.is_detached else _attended(run)),
    }


def one_off_name(instance: str, run: Run) -> str:
    """The container's name; no other one-off of the app ever has it."""
    return f"{instance}.{run.release.app}.{run.slot.name}"


def labels(instance: str, run: Run, address: str) -> dict[str, str]:
    """All that has to be known of it is on it. Without a slot: rollouts do not see it."""
    return {
        INSTANCE: instance,
        APP: run.release.app,
        RELEASE: str(run.release.number),
        ADDRESS: address,
        PORT: str(run.release.port),
        NUMBER: str(run.number),
        WHO: run.who,
        UNTIL: str(run.until),
    }


def from_listing(item: Mapping[str, Any]) -> OneOff:
    """A one-off from one item of `GET /containers/json`."""
    found: Mapping[str, str] = item["Labels"]
    container = Container(
        id=str(item["Id"]),
        app=found[APP],
        slot=Slot(int(found[RELEASE]), 0, PROCESS_TYPE, int(found[NUMBER])),
        address=found[ADDRESS],
        port=int(found[PORT]),
        state=str(item["State"]),
        status=str(item["Status"]),
        condemned=is_condemned(item["Names"]),
    )
    return OneOff(container, who=found[WHO], until=float(found[UNTIL]))


def _like(run: Run) -> str:
    """The process whose request it begins as: the one that was named, or web, or any."""
    processes = run.release.artifact.processes
    return process_type(run.words, processes) or ("web" if "web" in processes else min(processes))


def _environment(run: Run) -> dict[str, str]:
    term = {"TERM": run.term} if run.has_terminal and run.term else {}
    return {**term, **environment(run.release, run.slot)}


def _host_config(run: Run, request: Mapping[str, Any]) -> dict[str, object]:
    # What is said to somebody who attends is theirs, and not kept on the disk.
    kept = request["HostConfig"]["LogConfig"]
    log = kept if run.is_detached else {"Type": "none", "Config": {}}
    size = [run.size.rows, run.size.columns] if run.size else None
    return {
        "RestartPolicy": {"Name": "no"},
        "LogConfig": log,
        **({"ConsoleSize": size} if size else {}),  # honoured on Linux from API 1.42 on
    }


def _attended(run: Run) -> dict[str, object]:
    streams = dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr", "OpenStdin"), True)
    return {**streams, "StdinOnce": True, "Tty": run.has_terminal}
