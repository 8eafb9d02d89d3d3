"""The commands on what a process may take of the machine."""

from collections.abc import Callable, Mapping

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table
from releases.domain.app import App, BadScale, is_process_type
from releases.domain.limits import (
    EVERY_TYPE,
    BadLimit,
    Limits,
    parse_cpus,
    parse_memory,
    parse_pids,
)
from releases.work.queue import CLEAR_LIMITS, LIMIT

_PARSERS: Mapping[str, tuple[str, Callable[[str], float]]] = {
    "memory": ("memory_mb", parse_memory),
    "cpu": ("cpus", parse_cpus),
    "pids": ("pids", parse_pids),
}


def limit(
    session: Session,
    app: str,
    memory: str | None,
    cpu: str | None,
    pids: str | None,
    process_type: str | None,
) -> None:
    """Only what is named changes."""
    session.platform.store.apps.get(app)
    texts = {"memory": memory, "cpu": cpu, "pids": pids}
    given = {
        field: parse(text)
        for name, (field, parse) in _PARSERS.items()
        if (text := texts[name]) is not None
    }
    if not given:
        raise BadLimit("nothing to limit; say for example --memory 256m, --cpu 0.5 or --pids 100")
    session.ask(LIMIT, app, _checked(process_type), given)


def clear(session: Session, app: str, process_type: str | None) -> None:
    """Of one process type, or all there are."""
    session.platform.store.apps.get(app)
    session.ask(CLEAR_LIMITS, app, _checked(process_type))


def report(session: Session, app: str, as_json: bool) -> None:
    """What is in force for each process type: its own limits, and those of every type."""
    found = session.platform.store.apps.get(app)
    limits = {name: found.terms.limits_of(name) for name in _types(found)}
    if as_json:
        print_json(session, {name: _row(one) for name, one in limits.items()})
        return
    default = session.platform.settings.process_pids
    rows = [
        (
            "(every type)" if name == EVERY_TYPE else name,
            f"{one.memory_mb} MB" if one.memory_mb else "-",
            f"{one.cpus:g}" if one.cpus else "-",
            one.pids or default or "-",
        )
        for name, one in limits.items()
    ]
    print_table(session, ("PROCESS", "MEMORY", "CPU", "PIDS"), rows)


def _types(app: App) -> list[str]:
    formation = app.live.formation if app.live else app.formation
    return sorted({*formation, *app.terms.limits})


def _row(limits: Limits) -> dict[str, object]:
    return {
        "memory_mb": limits.memory_mb or None,
        "cpu": limits.cpus or None,
        "pids": limits.pids or None,
    }


def _checked(process_type: str | None) -> str:
    if process_type is None:
        return EVERY_TYPE
    if not is_process_type(process_type):
        raise BadScale(f"{process_type[:40]!r} cannot be a process type; say for example web")
    return process_type


_TYPE = click.Option(["--process-type"], metavar="TYPE", help="Of these processes only.")

COMMANDS = (
    Command(
        "resource:limit",
        "Limit the memory, CPU and processes of a process",
        limit,
        (
            APP,
            click.Option(["--memory"], help="256m, 1g: swap included; 0 for no limit."),
            click.Option(["--cpu"], help="0.5, 2: of the machine's CPUs; 0 for no limit."),
            click.Option(["--pids"], help="Processes and threads; 0 for the platform's own."),
            _TYPE,
        ),
    ),
    Command("resource:limit-clear", "Take limits away", clear, (APP, _TYPE)),
    Command("resource:report", "Show what processes may take", report, (APP, JSON)),
)
