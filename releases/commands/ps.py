"""The commands on processes: what runs, how many, and starting afresh."""

import math
import time

import click

from releases.app import MAX_PROCESSES, App, BadScale, is_process_type
from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table
from releases.container import Container
from releases.engine.docker import connect
from releases.queue import RELEASES, RESTART, SCALE
from releases.upkeep.needed import sort


def show(session: Session, app: str, as_json: bool) -> None:
    """One line a container, those on their way out too."""
    found = session.platform.store.apps.get(app)
    engine = connect(session.platform.settings, session.platform.store)
    rows = [_row(one, state(found, one)) for one in engine.containers(app)]
    rows += [_row(one.container, one.container.state) for one in engine.one_offs(app)]
    if as_json:
        print_json(session, rows)
        return
    headers = ("PROCESS", "RELEASE", "STATE", "SINCE", "ADDRESS")
    print_table(session, headers, [list(row.values()) for row in rows])


def _row(container: Container, state: str) -> dict[str, str]:
    return {
        "process": container.slot.name,
        "release": f"v{container.slot.release}",
        "state": state,
        "since": container.status,
        "address": f"{container.address}:{container.port}",
    }


def state(app: App, container: Container) -> str:
    """Docker's word, `retiring` for what nobody needs, `warm` for what a rollback would thaw."""
    found = sort(app, [container], now=time.time(), warm_s=math.inf)
    if found.cooling or found.frozen:
        return "warm"
    return "retiring" if found.leaving else container.state


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
    wanted = dict(parse_count(text) for text in counts)
    log = session.platform.store.logs.new(app)
    session.platform.queue.request(RELEASES, SCALE, app, wanted, session.who, log=log)
    session.follow(log)


def restart(session: Session, app: str) -> None:
    """New containers beside the old ones first, as in any rollout."""
    session.platform.store.apps.get(app)
    log = session.platform.store.logs.new(app)
    session.platform.queue.request(RELEASES, RESTART, app, session.who, log=log)
    session.follow(log)


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
    Command("ps:restart", "Replace all containers without losing a request", restart, (APP,)),
)
