"""The commands on checks: which there are, leaving them out, and running them now."""

from collections.abc import Iterable

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table
from releases.domain.app import App, NotDeployed, is_process_type
from releases.domain.container import Container, slots
from releases.domain.release import Release
from releases.engine.docker import connect
from releases.errors import BadInput, PaasError
from releases.rollout.checks.checkup import EVERY_TYPE, plan_checkup, startup_checks
from releases.rollout.checks.once import look_once


class ChecksFailed(PaasError):
    """What is live does not pass its own checks."""


def disable(session: Session, app: str, types: tuple[str, ...]) -> None:
    """From the next rollout on a start is enough; without types: of every process."""
    found = session.platform.store.apps.get(app)
    chosen = _types(session, found, types)
    unchecked = {*found.unchecked, *chosen} if chosen else {EVERY_TYPE}
    session.platform.store.apps.set_unchecked(app, unchecked)
    session.print(f"-----> {_named(chosen)} of {app} serves as soon as it is started")


def enable(session: Session, app: str, types: tuple[str, ...]) -> None:
    """From the next rollout on checks count again; without types: of every process."""
    found = session.platform.store.apps.get(app)
    chosen = _types(session, found, types)
    if chosen and EVERY_TYPE in found.unchecked:
        raise BadInput(f"the checks of all of {app} are disabled; `checks:enable {app}` ends that")
    session.platform.store.apps.set_unchecked(app, set(found.unchecked) - chosen if chosen else ())
    session.print(f"-----> {_named(chosen)} of {app} is checked before it serves")


def run(session: Session, app: str, process: str | None, as_json: bool) -> None:
    """What is live, once, also where checks are disabled; exit status 1 if one fails."""
    found, release = _live(session, app)
    platform = session.platform
    engine = connect(platform.settings, platform.store)
    serving = [one for one in engine.containers(app) if _serves(found, one)]
    wanted = [one for one in serving if process in (None, one.slot.process_type, one.slot.name)]
    if not wanted:
        raise BadInput(f"{app} runs no {process or 'process'}; `ps {app}` lists what it runs")
    everything = App(found.name, found.created_at, found.created_by, {})
    host = platform.settings.host(app)
    results = look_once(engine, plan_checkup(everything, release, host, session.print), wanted)
    if as_json:
        print_json(session, [result.document() for result in results])
    else:
        session.print("\n".join(map(str, results)))
    if failed := sum(result.is_failure for result in results):
        raise ChecksFailed(f"{failed} of {len(results)} checks of {release.name} failed")


def report(session: Session, app: str, as_json: bool) -> None:
    """The checks of each process type that a deploy runs, and whether it does."""
    found, release = _live(session, app)
    rows = [
        (
            name,
            not {name, EVERY_TYPE} & set(found.unchecked),
            [check.title for check in startup_checks(release, name)],
        )
        for name in sorted(release.artifact.processes)
    ]
    if as_json:
        names = ("process", "enabled", "checks")
        print_json(session, [dict(zip(names, row, strict=True)) for row in rows])
        return
    lines = [
        (name, "yes" if is_on else "no", ", ".join(titles) or "(default)")
        for name, is_on, titles in rows
    ]
    print_table(session, ("PROCESS", "ENABLED", "CHECKS"), lines)


def _live(session: Session, app: str) -> tuple[App, Release]:
    found = session.platform.store.apps.get(app)
    if found.live is None:
        raise NotDeployed(app)
    return found, session.platform.store.releases.get(app, found.live.release)


def _serves(app: App, container: Container) -> bool:
    return not container.condemned and container.slot in slots(app.live)


def _types(session: Session, app: App, words: Iterable[str]) -> set[str]:
    """`web,worker` or `web worker`; BadInput for what the app does not have."""
    chosen = {name for word in words for name in word.split(",") if name}
    known = set(_live(session, app.name)[1].artifact.processes) if app.live else chosen
    for name in sorted(chosen):
        if name not in known or not is_process_type(name):
            has = f"; it has {', '.join(sorted(known))}" if app.live else ""
            raise BadInput(f"{app.name} has no process type {name[:40]!r}{has}")
    return chosen


def _named(types: Iterable[str]) -> str:
    return ", ".join(sorted(types)) or "Every process"


TYPES = click.Argument(["types"], nargs=-1, metavar="[TYPE...]")

COMMANDS = (
    Command("checks:report", "Show the checks of each process type", report, (APP, JSON)),
    Command("checks:disable", "Let processes serve as soon as they start", disable, (APP, TYPES)),
    Command("checks:enable", "Check processes before they serve", enable, (APP, TYPES)),
    Command(
        "checks:run",
        "Run the checks once on what is live",
        run,
        (APP, click.Argument(["process"], required=False, metavar="[PROCESS]"), JSON),
    ),
)
