"""The commands on config vars, those of the app's processes and those of its builds."""

import base64
import binascii
import shlex
from collections.abc import Mapping

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json
from releases.config import BadConfig, ConfigChange, check_name, parse_pairs
from releases.errors import PaasError
from releases.queue import CHANGE_CONFIG, RELEASES


class NoSuchConfigVar(PaasError):
    """The app has no config var of that name."""


def show(session: Session, app: str, as_json: bool, build: bool = False) -> None:
    """All of them, sorted, in a form that a shell can read."""
    config = _config(session, app, build)
    if as_json:
        print_json(session, dict(sorted(config.items())))
        return
    for name, value in sorted(config.items()):
        session.print(f"{name}={shlex.quote(value)}")


def get(session: Session, app: str, name: str, build: bool = False) -> None:
    """One value, exactly, and a newline."""
    config = _config(session, app, build)
    if name not in config:
        raise NoSuchConfigVar(
            f"{_no_var(app, name, build)}; `config {'--build ' if build else ''}{app}` lists them"
        )
    session.print(config[name])


def set_vars(
    session: Session, app: str, pairs: tuple[str, ...], encoded: bool, build: bool = False
) -> None:
    """Several pairs make one release; of the build config, none."""
    _config(session, app, build)
    values = parse_pairs(pairs, _decode if encoded else None)
    _apply(session, app, ConfigChange(values), build)


def unset(session: Session, app: str, names: tuple[str, ...], build: bool = False) -> None:
    """Several names make one release; of the build config, none."""
    config = _config(session, app, build)
    for name in names:
        if check_name(name) not in config:
            raise NoSuchConfigVar(f"{_no_var(app, name, build)}; nothing was changed")
    _apply(session, app, ConfigChange(removed=names), build)


def _no_var(app: str, name: str, build: bool) -> str:
    return f"{app} has no {'build ' if build else ''}config var {name}"


def _config(session: Session, app: str, build: bool) -> Mapping[str, str]:
    store = session.platform.store
    store.apps.get(app)
    return store.configs.build_config(app).values if build else store.configs.config(app)


def _apply(session: Session, app: str, change: ConfigChange, build: bool) -> None:
    store = session.platform.store
    if build:
        store.configs.change_build_config(app, change)
        session.print(f"-----> {change.title} for builds of {app}, from the next one on")
        return
    session.print(f"-----> {change.title} on {app}")
    log = store.logs.new(app)
    session.platform.queue.request(
        RELEASES, CHANGE_CONFIG, app, store.configs.add_change(change), session.who, log=log
    )
    session.follow(log)


def _decode(name: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadConfig(f"config var {name}: with --encoded, give base64 of UTF-8 text") from error


BUILD = click.Option(["--build"], is_flag=True, help="The config of builds, not of processes.")

COMMANDS = (
    Command("config", "Show config vars", show, (APP, BUILD, JSON)),
    Command(
        "config:get",
        "Print the value of a config var",
        get,
        (APP, click.Argument(["name"]), BUILD),
    ),
    Command(
        "config:set",
        "Set config vars and roll them out as one release",
        set_vars,
        (
            APP,
            click.Argument(["pairs"], nargs=-1, metavar="KEY=VALUE..."),
            click.Option(["--encoded"], is_flag=True, help="Values are base64."),
            BUILD,
        ),
    ),
    Command(
        "config:unset",
        "Remove config vars and roll that out as one release",
        unset,
        (APP, click.Argument(["names"], nargs=-1, required=True, metavar="KEY..."), BUILD),
    ),
)
