"""The commands on config vars: those in force, those of builds, and those that are staged."""

import base64
import binascii
import shlex
from collections.abc import Mapping
from enum import Enum

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json
from releases.domain.config import BadConfig, ConfigChange, check_name, parse_pairs
from releases.errors import PaasError
from releases.work.queue import CHANGE_CONFIG


class Scope(Enum):
    """Which config of an app is meant; the value is how a refusal names it."""

    IN_FORCE = ""
    BUILDS = "build "
    STAGED = "staged "

    @classmethod
    def chosen(cls, *, build: bool, stage: bool) -> "Scope":
        """By the options that were given; BadConfig."""
        if build and stage:
            raise BadConfig("builds get their config at once; leave --stage or --build out")
        return cls.BUILDS if build else cls.STAGED if stage else cls.IN_FORCE

    @property
    def word(self) -> str:
        """For a sentence."""
        return self.value

    @property
    def option(self) -> str:
        """For a command line."""
        return {Scope.BUILDS: "--build ", Scope.STAGED: "--stage "}.get(self, "")


class NoSuchConfigVar(PaasError):
    """The app has no config var of that name."""


def show(session: Session, app: str, as_json: bool, build: bool, stage: bool) -> None:
    """All of them, sorted, in a form that a shell can read."""
    scope = Scope.chosen(build=build, stage=stage)
    config = _config(session, app, scope)
    removed = _staged(session, app).removed if scope is Scope.STAGED else ()
    if as_json:
        values: dict[str, str | None] = {**config, **dict.fromkeys(removed)}
        print_json(session, dict(sorted(values.items())))
        return
    for name, value in sorted(config.items()):
        session.print(f"{name}={shlex.quote(value)}")
    for name in sorted(removed):
        session.print(f"unset {name}")


def get(session: Session, app: str, name: str, build: bool, stage: bool) -> None:
    """One value, exactly, and a newline."""
    scope = Scope.chosen(build=build, stage=stage)
    config = _config(session, app, scope)
    if name not in config:
        asked = f"config {scope.option}{app}"
        raise NoSuchConfigVar(f"{_no_var(app, name, scope)}; `{asked}` lists them")
    session.print(config[name])


def set_vars(
    session: Session, app: str, pairs: tuple[str, ...], encoded: bool, build: bool, stage: bool
) -> None:
    """Several pairs make one release; of the build config and of what is staged, none."""
    session.platform.store.apps.get(app)
    values = parse_pairs(pairs, _decode if encoded else None)
    _apply(session, app, ConfigChange(values), Scope.chosen(build=build, stage=stage))


def unset(session: Session, app: str, names: tuple[str, ...], build: bool, stage: bool) -> None:
    """Several names make one release; of the build config and of what is staged, none."""
    scope = Scope.chosen(build=build, stage=stage)
    known = dict(_config(session, app, scope))
    if scope is Scope.STAGED:
        known |= _config(session, app, Scope.IN_FORCE)
    for name in names:
        if check_name(name) not in known:
            raise NoSuchConfigVar(f"{_no_var(app, name, scope)}; nothing was changed")
    _apply(session, app, ConfigChange(removed=names), scope)


def unstage(session: Session, app: str) -> None:
    """Forget what waits for the next release."""
    title = _staged(session, app).title
    session.platform.store.configs.unstage(app)
    session.print(f"-----> Forgotten on {app}: {title}")


def _no_var(app: str, name: str, scope: Scope) -> str:
    return f"{app} has no {scope.word}config var {name}"


def _config(session: Session, app: str, scope: Scope) -> Mapping[str, str]:
    store = session.platform.store
    store.apps.get(app)
    if scope is Scope.BUILDS:
        return store.configs.build_config(app).values
    if scope is Scope.STAGED:
        return _staged(session, app).values
    return store.configs.config(app)


def _staged(session: Session, app: str) -> ConfigChange:
    session.platform.store.apps.get(app)
    return session.platform.store.configs.staged(app).change


def _apply(session: Session, app: str, change: ConfigChange, scope: Scope) -> None:
    configs = session.platform.store.configs
    if scope is Scope.BUILDS:
        configs.change_build_config(app, change)
        session.print(f"-----> {change.title} for builds of {app}, from the next one on")
    elif scope is Scope.STAGED:
        configs.stage(app, change)
        session.print(f"-----> {change.title} with the next release of {app}")
    else:
        session.print(f"-----> {change.title} on {app}")
        session.ask(CHANGE_CONFIG, app, configs.add_change(change))


def _decode(name: str, value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadConfig(f"config var {name}: with --encoded, give base64 of UTF-8 text") from error


SCOPES = (
    click.Option(["--build"], is_flag=True, help="The config of builds, not of processes."),
    click.Option(["--stage"], is_flag=True, help="What waits for the next release."),
)

COMMANDS = (
    Command("config", "Show config vars", show, (APP, *SCOPES, JSON)),
    Command(
        "config:get",
        "Print the value of a config var",
        get,
        (APP, click.Argument(["name"]), *SCOPES),
    ),
    Command(
        "config:set",
        "Set config vars and roll them out as one release",
        set_vars,
        (
            APP,
            click.Argument(["pairs"], nargs=-1, metavar="KEY=VALUE..."),
            click.Option(["--encoded"], is_flag=True, help="Values are base64."),
            *SCOPES,
        ),
    ),
    Command(
        "config:unset",
        "Remove config vars and roll that out as one release",
        unset,
        (APP, click.Argument(["names"], nargs=-1, required=True, metavar="KEY..."), *SCOPES),
    ),
    Command("config:unstage", "Forget config that waits for the next release", unstage, (APP,)),
)
