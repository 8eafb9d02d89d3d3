"""The commands on processes: what runs, how many, and starting afresh."""

import time

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.process_rows import one_off_row, process_rows
from releases.commands.table import print_json, print_table
from releases.domain.app import MAX_PROCESSES, BadScale, is_process_type
from releases.domain.limits import DEFAULT_RESTART_POLICY, parse_restart_policy
from releases.engine.docker import connect
from releases.errors import BadInput
from releases.work.queue import RESTART, SCALE, SET_RESTART_POLICY, START, STOP


def show(session: Session, app: str, as_json: bool) -> None:
    """One line a container, those on their way out too, and one a process that has none."""
    store = session.platform.store
    found = store.apps.get(app)
    engine = connect(session.platform.settings, store)
    containers = engine.containers(app)
    conditions = {one.id: engine.condition(one) for one in containers}
    rows = process_rows(found, containers, conditions, store.crashes.of(app))
    rows += [one_off_row(one.container) for one in engine.one_offs(app)]
    if as_json:
        print_json(session, [row.document() for row in rows])
        return
    headers = ("PROCESS", "RELEASE", "STATE", "FOR", "ADDRESS", "NOTE")
    print_table(session, headers, [row.cells(time.time()) for row in rows])
    if found.live and found.live.stopped:
        session.print(f" !     {app} is stopped; `ps:start {app}` starts it")


def scale(session: Session, app: str, counts: tuple[str, ...], as_json: bool = False) -> None:
    """Without counts: show them."""
    found = session.platform.store.apps.get(app)
    if not counts:
        formation = found.live.formation if found.live else found.formation
        if as_json:
            print_json(session, dict(sorted(formation.items())))
        else:
            print_table(session, ("PROCESS", "COUNT"), sorted(formation.items()))
        return
    session.ask(SCALE, app, dict(parse_count(text) for text in counts))


def restart(session: Session, app: str, processes: tuple[str, ...] = ()) -> None:
    """New containers beside the old ones first, as in any rollout."""
    session.platform.store.apps.get(app)
    session.ask(RESTART, app, list(processes))


def stop(session: Session, app: str) -> None:
    """The hosts stay the app's, and answer 503."""
    session.platform.store.apps.get(app)
    session.ask(STOP, app)


def start(session: Session, app: str) -> None:
    """What was stopped, with config and counts as they are now."""
    session.platform.store.apps.get(app)
    session.ask(START, app)


def set_property(session: Session, app: str, name: str, value: str | None) -> None:
    """Without a value: back to the platform's own."""
    session.platform.store.apps.get(app)
    if name != "restart-policy":
        raise BadInput(f"{name[:40]!r} cannot be set; say restart-policy")
    session.ask(SET_RESTART_POLICY, app, parse_restart_policy(value or DEFAULT_RESTART_POLICY))


def parse_count(text: str) -> tuple[str, int]:
    """`web=3` to ("web", 3); BadScale."""
    name, _, count = text.partition("=")
    is_number = count.isascii() and count.isdigit() and len(count) <= 4
    if not is_process_type(name) or not is_number or int(count) > MAX_PROCESSES:
        raise BadScale(
            f"{text[:40]!r} cannot be used; say for example web=3, from 0 to {MAX_PROCESSES}"
        )
    return name, int(count)


COMMANDS = (
    Command("ps", "List an app's processes", show, (APP, JSON)),
    Command(
        "ps:scale",
        "Run so many processes of each type",
        scale,
        (APP, click.Argument(["counts"], nargs=-1, metavar="TYPE=COUNT..."), JSON),
    ),
    Command(
        "ps:restart",
        "Replace containers without losing a request",
        restart,
        (APP, click.Argument(["processes"], nargs=-1, metavar="[web.1|web]...")),
    ),
    Command("ps:stop", "Run nothing until the app is started or deployed", stop, (APP,)),
    Command("ps:start", "Run again what was stopped", start, (APP,)),
    Command(
        "ps:set",
        "Set how often Docker restarts what ended",
        set_property,
        (
            APP,
            click.Argument(["name"], metavar="restart-policy"),
            click.Argument(["value"], required=False, metavar="[on-failure:20]"),
        ),
        details=f"Without a value it is {DEFAULT_RESTART_POLICY} again.",
    ),
)
