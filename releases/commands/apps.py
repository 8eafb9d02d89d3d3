"""The commands on apps as a whole."""

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.domain.app import App
from releases.domain.build import Build
from releases.domain.release import Release
from releases.errors import BadInput
from releases.store.builds import NoSuchBuild
from releases.store.logs import NO_APP
from releases.work.queue import DESTROY, RELEASES


def list_apps(session: Session, as_json: bool) -> None:
    """All apps, one line each."""
    apps = [app for app in session.platform.store.apps.all() if session.may_use(app.name)]
    if as_json:
        print_json(session, [_summary(session, app) for app in apps])
        return
    rows = [
        (app.name, _release_name(app), _processes(app), _url(session, app.name)) for app in apps
    ]
    print_table(session, ("APP", "RELEASE", "PROCESSES", "URL"), rows)


def create(session: Session, app: str) -> None:
    """An app without a release."""
    session.platform.store.apps.create(app, session.who)
    session.print(f"-----> Created {app}; deploy it with: git push paas:{app} master")


def exists(session: Session, app: str) -> None:
    """Exit status 0 if it does."""
    session.platform.store.apps.get(app)
    session.print(f"{app} exists")


def show(session: Session, app: str, as_json: bool) -> None:
    """What is known of an app."""
    found = session.platform.store.apps.get(app)
    summary = _summary(session, found)
    if as_json:
        print_json(session, summary)
        return
    for name, value in summary.items():
        shown = " ".join(value) if isinstance(value, list) else value
        if not isinstance(value, bool):  # for programs; people see it beside the processes
            label = name.replace("_", " ") + ":"
            session.print(f"{label:<12}{'-' if shown in (None, '') else shown}")


def destroy(session: Session, app: str, confirm: str) -> None:
    """Only with the name typed twice: nothing of the app is kept."""
    session.platform.store.apps.get(app)
    if confirm != app:
        raise BadInput(f"to destroy {app} and all its releases, add --confirm {app}")
    session.platform.store.apps.mark_destroying(app)
    log = session.platform.store.logs.new(NO_APP)
    session.platform.queue.request(RELEASES, DESTROY, app, log=log)
    session.follow(log)


def _summary(session: Session, app: App) -> dict[str, object]:
    store = session.platform.store
    release = store.releases.get(app.name, app.live.release) if app.live else None
    return {
        "app": app.name,
        "url": _url(session, app.name),
        "domains": store.routes.domains(app.name),
        "release": release.name if release else None,
        "commit": release.artifact.commit if release else None,
        "image": release.artifact.image if release else None,
        **_base(session, release),
        "processes": _processes(app),
        "stopped": is_stopped(app),
        "created": timestamp(app.created_at),
        "by": app.created_by,
    }


def _base(session: Session, release: Release | None) -> dict[str, object]:
    """What the live image stands on, as its build knew it."""
    found = _build(session, release)
    return {
        "base": found.base if found else None,
        "base_image": found.base_image if found else None,
        "debian": found.suite if found else None,
        "language": f"{found.buildpack} {found.version}" if found and found.version else None,
    }


def _build(session: Session, release: Release | None) -> Build | None:
    if release is None:
        return None
    try:
        return session.platform.store.builds.get(release.app, release.artifact.build)
    except NoSuchBuild:
        return None


def _release_name(app: App) -> str:
    return f"v{app.live.release}" if app.live else "-"


def is_stopped(app: App) -> bool:
    """Whether nothing of it is to run."""
    return app.live is not None and app.live.stopped


def _processes(app: App) -> str:
    formation = app.live.formation if app.live else app.formation
    counts = [f"{name}={count}" for name, count in sorted(formation.items())]
    return " ".join([*counts, "(stopped)"] if is_stopped(app) else counts)


def _url(session: Session, app: str) -> str:
    settings = session.platform.settings
    return settings.url(settings.host(app))


COMMANDS = (
    Command("apps", "List apps", list_apps, (JSON,), for_all=True),
    Command("apps:list", "List apps", list_apps, (JSON,), for_all=True),
    Command("apps:create", "Create an app", create, (APP,)),
    Command("apps:exists", "Succeed if the app exists", exists, (APP,)),
    Command("apps:info", "Show what is known of an app", show, (APP, JSON)),
    Command(
        "apps:destroy",
        "Destroy an app and all that is its own",
        destroy,
        (APP, click.Option(["--confirm"], default="", help="The app's name once more.")),
    ),
)
