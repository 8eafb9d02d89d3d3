"""The command that says how many releases of an app keep their images."""

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json
from releases.domain.app import App
from releases.errors import BadInput

_DEFAULT = "default"
_MOST = 1000


def retention(session: Session, app: str, kept: str | None, as_json: bool) -> None:
    """Without a number: show it."""
    apps = session.platform.store.apps
    found, lead = apps.get(app), ""
    if kept is not None:
        lead = "-----> "
        apps.set_releases_kept(app, 0 if kept == _DEFAULT else parse_kept(kept))
        found = apps.get(app)
    if as_json:
        number = found.releases_kept or session.platform.settings.releases_kept
        print_json(session, {"app": app, "kept": number, "own": bool(found.releases_kept)})
    else:
        session.print(lead + _line(found, session.platform.settings.releases_kept))


def parse_kept(text: str) -> int:
    """`10` to 10; BadInput."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 4
    if not is_number or not 1 <= int(text) <= _MOST:
        raise BadInput(
            f"{text[:20]!r} cannot be used; say how many releases keep their images, "
            f"from 1 to {_MOST}, or {_DEFAULT}"
        )
    return int(text)


def _line(app: App, platform: int) -> str:
    number = app.releases_kept or platform
    what = f"the last {number} releases" if number > 1 else "the live release and the one before"
    where = "set for this app" if app.releases_kept else "the platform's setting releases_kept"
    return f"{app.name} keeps the images of {what}; {where}"


COMMANDS = (
    Command(
        "releases:retention",
        "Show or set how many releases keep their images",
        retention,
        (APP, click.Argument(["kept"], required=False, metavar=f"[N|{_DEFAULT}]"), JSON),
    ),
)
