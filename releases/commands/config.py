"""The commands on config vars."""

import base64
import binascii
import shlex

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json
from releases.config import BadConfig, ConfigChange, check_name, parse_pairs
from releases.errors import PaasError
from releases.queue import CHANGE_CONFIG, RELEASES


class NoSuchConfigVar(PaasError):
    """The app has no config var of that name."""


def show(session: Session, app: str, as_json: bool) -> None:
    """All of them, sorted, in a form that a shell can read."""
    config = _config(session, app)
    if as_json:
        print_json(session, dict(sorted(config.items())))
        return
    for name, value in sorted(config.items()):
        session.print(f"{name}={shlex.quote(value)}")


def get(session: Session, app: str, name: str) -> None:
    """One value, exactly, and a newline."""
    config = _config(session, app)
    if name not in config:
        raise NoSuchConfigVar(f"{app} has no config var {name}; `config {app}` lists them")
    session.print(config[name])


def set_vars(session: Session, app: str, pairs: tuple[str, ...], encoded: bool) -> None:
    """Several pairs make one release."""
    _config(session, app)
    values = parse_pairs(pairs, _decode if encoded else None)
    _request(session, app, ConfigChange(values))


def unset(session: Session, app: str, names: tuple[str, ...]) -> None:
    """Several names make one release."""
    config = _config(session, app)
    for name in names:
        if check_name(name) not in config:
            raise NoSuchConfigVar(f"{app} has no config var {name}; nothing was changed")
    _request(session, app, ConfigChange(removed=names))


def _config(session: Session, app: str) -> dict[str, str]:
    session.platform.store.apps.get(app)
    return session.platform.store.apps.config(app)


def _request(session: Session, app: str, change: ConfigChange) -> None:
    store = session.platform.store
    session.print(f"-----> {change.title} on {app}")
    log = store.logs.new(app)
    session.platform.queue.request(
        RELEASES, CHANGE_CONFIG, app, store.apps.add_change(change), session.who, log=log
    )
    session.follow(log)


def _decode(name: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadConfig(f"config var {name}: with --encoded, give base64 of UTF-8 text") from error


COMMANDS = (
    Command("config", "Show config vars", show, (APP, JSON)),
    Command("config:get", "Print the value of a config var", get, (APP, click.Argument(["name"]))),
    Command(
        "config:set",
        "Set config vars and roll them out as one release",
        set_vars,
        (
            APP,
            click.Argument(["pairs"], nargs=-1, metavar="KEY=VALUE..."),
            click.Option(["--encoded"], is_flag=True, help="Values are base64."),
        ),
    ),
    Command(
        "config:unset",
        "Remove config vars and roll that out as one release",
        unset,
        (APP, click.Argument(["names"], nargs=-1, required=True, metavar="KEY...")),
    ),
)
