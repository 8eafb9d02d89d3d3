"""The commands of the front door itself: who may come in, and what is running here."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from gitreceive import VERSION
from gitreceive.keys import BadKey, check_key_name, parse_public_key
from releases.command import BUILD_HOST, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.domain.app import check_app_name
from releases.errors import BadInput, PaasError

_MAX_KEY_BYTES = 64 * 1024


class LastKey(PaasError):
    """Without it nobody could log in any more."""


def show_keys(session: Session, as_json: bool) -> None:
    """All keys that may log in."""
    keys = session.platform.store.ssh_keys.list()
    if as_json:
        print_json(session, [asdict(key) for key in keys])
        return
    rows = [
        (
            key.name,
            key.line.split()[0],
            key.fingerprint,
            " ".join(key.only) or "all",
            timestamp(key.added_at),
            key.added_by,
        )
        for key in keys
    ]
    print_table(session, ("NAME", "TYPE", "FINGERPRINT", "APPS", "ADDED (UTC)", "BY"), rows)


def add_key(session: Session, name: str, key: tuple[str, ...], only: str, build_host: bool) -> None:
    """Let a key in, for all or only for some apps, which need not be there yet."""
    check_key_name(name)
    rights = _rights(only, build_host)
    text = " ".join(key) if key else _read_key(session)
    fingerprint, line = parse_public_key(text)
    session.platform.store.ssh_keys.add(name, fingerprint, line, session.who, rights)
    session.print(f"-----> Added key {name}, {fingerprint}")
    if rights:
        session.print(f"       It is for {', '.join(rights)} only")


def _rights(only: str, build_host: bool) -> Sequence[str]:
    if only and build_host:
        raise BadInput("--only and --build-host contradict each other; give one of them")
    if build_host:
        return BUILD_HOST
    return [check_app_name(app.strip()) for app in only.split(",")] if only else []


def _read_key(session: Session) -> str:
    given = session.stdin.read(_MAX_KEY_BYTES + 1)
    if len(given) > _MAX_KEY_BYTES:
        raise BadKey("this is too long for a public key; give the .pub file")
    return given.decode(errors="replace")


def remove_key(session: Session, name: str) -> None:
    """Shut a key out."""
    keys = session.platform.store.ssh_keys
    key = keys.get(name)
    others = [other for other in keys.list() if other != key and not other.only]
    if session.over_ssh and not key.only and not others:
        raise LastKey(
            f"{key.name} is the last key for all apps, and nobody could manage the platform "
            "without it; add another first, "
            "or remove it with the local paas command"
        )
    keys.remove(key.fingerprint)
    session.print(f"-----> Removed key {key.name}, {key.fingerprint}")


def show_version(session: Session) -> None:
    """The version of the platform."""
    session.print(f"paas {VERSION}")


_NAME = click.Argument(["name"])

COMMANDS: tuple[Command, ...] = (
    Command("keys", "List the SSH keys that may log in", show_keys, (JSON,)),
    Command(
        "keys:add",
        "Let a public key log in",
        add_key,
        (
            _NAME,
            click.Argument(["key"], nargs=-1),
            click.Option(["--only"], default="", metavar="APP,...", help="Limit it to these apps."),
            click.Option(["--build-host"], is_flag=True, help="It may fetch sources, no more."),
        ),
        details="The key is given as arguments or on standard input.",
    ),
    Command(
        "keys:remove",
        "Shut a key out, by name or fingerprint",
        remove_key,
        (click.Argument(["name"], metavar="NAME|FINGERPRINT"),),
    ),
    Command("version", "Show the version of the platform", show_version, for_all=True),
)
