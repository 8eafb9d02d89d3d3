"""The commands that show buildpacks and choose one for an app."""

from dataclasses import asdict, replace
from pathlib import PurePosixPath

import click

from builder.detection.detect import looked_for
from builder.detection.folders import all_buildpacks
from builder.detection.manifest import Buildpack
from builder.detection.plan import find_buildpack
from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table
from releases.errors import BadInput

_HEADERS = ("BUILDPACK", "LOOKS FOR", "VERSIONS", "FROM")


def _list(session: Session, as_json: bool) -> None:
    settings = session.platform.settings
    found = all_buildpacks(settings)
    ours = settings.buildpacks
    if as_json:
        rows = [
            _document(buildpack, buildpack.directory.parent == ours) for buildpack in found.usable
        ]
        print_json(session, {"buildpacks": rows, "cannot_be_used": list(found.faults)})
        return
    print_table(session, _HEADERS, [_row(one, found.replaced, ours) for one in found.usable])
    for fault in found.faults:
        session.print(f" !     {fault}")


def _document(buildpack: Buildpack, is_ours: bool) -> dict[str, object]:
    return {
        "name": buildpack.name,
        "title": buildpack.title,
        "looks_for": [str(condition) for condition in buildpack.detect],
        "versions": list(buildpack.versions),
        "default": buildpack.default,
        "ours": is_ours,
        "folder": str(buildpack.directory),
    }


def _row(buildpack: Buildpack, replaced: tuple[str, ...], ours: object) -> tuple[str, ...]:
    versions = (
        f"{version} (default)" if version == buildpack.default else version
        for version in buildpack.versions
    )
    if buildpack.directory.parent == ours:
        origin = "ours"
    else:
        origin = str(buildpack.directory) + (", not ours" if buildpack.name in replaced else "")
    return (buildpack.name, looked_for(buildpack), ", ".join(versions), origin)


def _set(session: Session, app: str, name: str, value: str) -> None:
    """Without a value take the setting back."""
    store = session.platform.store
    store.apps.get(app)
    if value and name == "buildpack":
        usable = all_buildpacks(session.platform.settings).usable
        find_buildpack(usable, value, "`buildpacks` says more")
    elif value:
        value = _check_path(value)
    settings = store.builds.settings(app)
    if name == "buildpack":
        settings = replace(settings, buildpack=value)
    else:
        settings = replace(settings, dockerfile=value)
    store.builds.set_settings(app, settings)
    session.print(f"-----> {name} of {app} from the next build on: {value or 'as its source says'}")
    session.print(f"       To build what is live again: ps:rebuild {app}")


def _check_path(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not value.isprintable() or not path.name:
        raise BadInput(
            f"dockerfile {value[:60]!r} cannot be used: it is a path in the repository, "
            "such as deploy/Dockerfile"
        )
    return str(path)


def _report(session: Session, app: str, as_json: bool) -> None:
    store = session.platform.store
    store.apps.get(app)
    settings = store.builds.settings(app)
    if as_json:
        print_json(session, {"app": app, **asdict(settings)})
        return
    session.print(f"buildpack: {settings.buildpack or 'as its source says'}")
    session.print(f"dockerfile: {settings.dockerfile or 'Dockerfile, where there is one'}")


COMMANDS = (
    Command(
        "buildpacks", "List the buildpacks and what each looks for", _list, (JSON,), for_all=True
    ),
    Command("builds:report", "Show how an app is built", _report, (APP, JSON)),
    Command(
        "builds:set",
        "Choose an app's buildpack or its Dockerfile's path",
        _set,
        (
            APP,
            click.Argument(["name"], type=click.Choice(["buildpack", "dockerfile"])),
            click.Argument(["value"], default=""),
        ),
        details="Without a value the choice is taken back.",
    ),
)
