"""The commands on routers: which there are, and how one that is gone for good is given up."""

from dataclasses import asdict

import click

from releases.command import JSON, Command, Session
from releases.commands.table import print_json, print_table
from releases.errors import PaasError


class NoSuchRouter(PaasError):
    """No router of that name takes part."""


class RouterIsAwake(PaasError):
    """A router that serves cannot be given up."""


def show(session: Session, as_json: bool) -> None:
    """Every router that rollouts wait for, and which version of the routes it has confirmed."""
    newest, routers = session.platform.store.routes.routers()
    if as_json:
        print_json(session, {"version": newest, "routers": [asdict(one) for one in routers]})
        return
    rows = [
        (one.name, "awake" if one.is_awake else "silent", f"{one.version} of {newest}")
        for one in routers
    ]
    print_table(session, ("ROUTER", "STATE", "CONFIRMED"), rows)


def remove(session: Session, router: str) -> None:
    """Have no rollout wait for it any more. One that comes back enters again by itself."""
    routes = session.platform.store.routes
    found = {one.name: one for one in routes.routers()[1]}.get(router)
    if found is None:
        raise NoSuchRouter(f"there is no router {router[:80]!r}; `routers` lists them")
    if found.is_awake:
        raise RouterIsAwake(
            f"{router} is awake and serves; stop it, and remove it five seconds later"
        )
    routes.leave(router)
    session.print(f"-----> Removed {router}; no rollout waits for it")
    session.print("       If its HAProxy still runs, it goes on serving the routes it has")


COMMANDS = (
    Command("routers", "List the routers, and what each has confirmed", show, (JSON,)),
    Command(
        "routers:remove",
        "Give up a router that is gone for good",
        remove,
        (click.Argument(["router"], metavar="ID"),),
    ),
)
