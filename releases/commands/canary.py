"""The commands on canaries: what new releases go through, and how one ends before its time."""

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json
from releases.domain.app import App
from releases.domain.canary import Canary, Said, Word, parse_canary
from releases.errors import BadInput, PaasError

_DOING = {Word.PROMOTE: "Promoting", Word.ABORT: "Aborting"}


class NoCanary(PaasError):
    """No new release of the app is on trial."""


def canary(
    session: Session, app: str, share: str | None, time: str | None, once: bool, as_json: bool
) -> None:
    """Set it, end it with `off`, or show it."""
    found = session.platform.store.apps.get(app)
    if share is None:
        _show(session, found, as_json)
    elif share == "off":
        session.platform.store.apps.set_canary(app, None)
        session.print(f"-----> {_line(app, None)}")
    elif time is None:
        raise BadInput(f"for how long? say for example `releases:canary {app} {share[:10]} 60s`")
    else:
        _set(session, app, parse_canary(share, time, once=once))


def promote(session: Session, app: str) -> None:
    """Give the release on trial all requests now."""
    _say(session, app, Word.PROMOTE)


def abort(session: Session, app: str) -> None:
    """Give the release before all requests again, now."""
    _say(session, app, Word.ABORT)


def _set(session: Session, app: str, wanted: Canary) -> None:
    session.platform.store.apps.set_canary(app, wanted)
    session.print(f"-----> {_line(app, wanted)}")


def _line(app: str, wanted: Canary | None) -> str:
    if wanted is None:
        return f"New releases of {app} get all requests at once"
    which = "The next release" if wanted.once else "Each new release"
    return f"{which} of {app} gets {wanted} first"


def _show(session: Session, app: App, as_json: bool) -> None:
    trial = app.target.canary if app.target else None
    if as_json:
        on_trial = f"v{app.target.release}" if app.target and trial and trial.began_at else None
        setting = app.canary
        print_json(
            session,
            {
                "app": app.name,
                "percent": setting.percent if setting else None,
                "seconds": setting.lasts_s if setting else None,
                "once": setting.once if setting else None,
                "on_trial": on_trial,
            },
        )
        return
    session.print(_line(app.name, app.canary))
    if app.target and trial and trial.began_at:
        session.print(f"v{app.target.release} is on trial with {trial}")


def _say(session: Session, app: str, word: Word) -> None:
    target = session.platform.store.apps.get(app).target
    if not target or not target.canary or not target.canary.began_at:
        raise NoCanary(f"no release of {app} is on trial; `releases:canary {app}` shows more")
    said = Said(word, session.who)
    session.platform.store.apps.say_of_canary(app, target.release, said)
    session.print(f"-----> {_DOING[word]} v{target.release} of {app}")


COMMANDS = (
    Command(
        "releases:canary",
        "Give new releases a share of the requests first",
        canary,
        (
            APP,
            click.Argument(["share"], required=False, metavar="[10%|off]"),
            click.Argument(["time"], required=False, metavar="[60s]"),
            click.Option(["--once"], is_flag=True, help="The next release only."),
            JSON,
        ),
        details="With a share and a time it is set, with `off` ended, without words shown.",
    ),
    Command("releases:promote", "Give the release on trial all requests", promote, (APP,)),
    Command("releases:abort", "Drop the release on trial", abort, (APP,)),
)
