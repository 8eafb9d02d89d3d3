"""The table of this room's commands, and those on domains: which hosts an app claims."""

from collections.abc import Sequence

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table
from releases.domain.app import App
from releases.domain.route import BadDomain, check_domain
from releases.errors import PaasError
from releases.log import DeployFailed
from releases.work.queue import CONVERGE, RELEASES
from router_sync import routers


class DomainTaken(PaasError):
    """Another app has the host."""


class NotADomainOf(PaasError):
    """The app has not claimed the host."""


def show(session: Session, app: str, as_json: bool) -> None:
    """The app's own host first, then those it claimed; `routed` once it serves there."""
    routes, settings = session.platform.store.routes, session.platform.settings
    session.platform.store.apps.get(app)
    routed = set(routes.hosts(app))
    hosts = [settings.host(app), *routes.domains(app)]
    if as_json:
        print_json(session, [{"host": host, "routed": host in routed} for host in hosts])
        return
    rows = [(host, "yes" if host in routed else "no", settings.url(host)) for host in hosts]
    print_table(session, ("HOST", "ROUTED", "URL"), rows)


def add(session: Session, app: str, hosts: tuple[str, ...]) -> None:
    """Claim all hosts or none; one that is there already stays."""
    record = session.platform.store.apps.get(app)
    routes = session.platform.store.routes
    checked = [_claimable(session, app, host) for host in hosts]
    there = {session.platform.settings.host(app), *routes.domains(app)}
    added = [host for host in dict.fromkeys(checked) if host not in there]
    _claim(session, app, added)
    _say(session, app, "has", [host for host in checked if host in there])
    _reroute(session, record, "Adding", added)


def remove(session: Session, app: str, hosts: tuple[str, ...]) -> None:
    """Give all hosts back or none."""
    record = session.platform.store.apps.get(app)
    routes = session.platform.store.routes
    removed = list(dict.fromkeys(check_domain(host) for host in hosts))
    claimed = set(routes.domains(app))
    for host in removed:
        if host == session.platform.settings.host(app):
            raise BadDomain(f"{host} is the app's own host and cannot be removed")
        if host not in claimed:
            raise NotADomainOf(f"{host} is not a domain of {app}; `domains {app}` lists them")
    for host in removed:
        routes.release_domain(app, host)
    _reroute(session, record, "Removing", removed)


def _claimable(session: Session, app: str, host: str) -> str:
    """The host as it is kept; BadDomain or DomainTaken."""
    checked = check_domain(host)
    domain = session.platform.settings.domain
    labels = checked.removesuffix(f".{domain}").split(".")
    if checked.endswith(f".{domain}") and labels[-1] != app:
        raise DomainTaken(
            f"{checked} is below {domain}, where every app has the host of its name; "
            f"{app} may have {session.platform.settings.host(app)} and hosts below that"
        )
    owner = session.platform.store.routes.domain_owner(checked)
    if owner not in (None, app):
        raise DomainTaken(f"{checked} belongs to app {owner}; remove it there first")
    return checked


def _claim(session: Session, app: str, hosts: Sequence[str]) -> None:
    routes = session.platform.store.routes
    for number, host in enumerate(hosts):
        if not routes.claim_domain(app, host):
            for claimed in hosts[:number]:
                routes.release_domain(app, claimed)
            raise DomainTaken(f"{host} was just taken by another app; nothing was changed")


def _say(session: Session, app: str, what: str, hosts: Sequence[str]) -> None:
    for host in dict.fromkeys(hosts):
        session.print(f"       {app} {what} {host} already")


def _reroute(session: Session, app: App, doing: str, hosts: Sequence[str]) -> None:
    """Have the routes follow, where there are any yet."""
    if not hosts:
        return
    session.print(f"-----> {doing} {', '.join(hosts)}")
    if app.live is None:
        session.print(f"       {app.name} has not been deployed yet; its routes come with that")
        return
    log = session.platform.store.logs.new(app.name)
    session.platform.queue.request(RELEASES, CONVERGE, app.name, log=log)
    try:
        session.follow(log)
    except DeployFailed:
        session.print(
            "       noted; the routes follow with the next deploy or restart that succeeds"
        )
        raise


HOSTS = click.Argument(["hosts"], nargs=-1, required=True, metavar="HOST...")
COMMANDS = (
    Command("domains", "Show the hosts of an app", show, (APP, JSON)),
    Command("domains:add", "Route more hosts to an app", add, (APP, HOSTS)),
    Command("domains:remove", "Route hosts to an app no longer", remove, (APP, HOSTS)),
    *routers.COMMANDS,
)
