"""The command that shows all that is on record about one build."""

import math
from dataclasses import asdict

from builder.commands.builds import LATEST, NUMBER, find_build, outcome, took
from builder.docker.text import shorten
from builder.source.archive import source_path
from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.domain.build import Build, BuildOptions, Step

_NAME_CHARS = 80


def show(session: Session, app: str, number: int | None, as_json: bool) -> None:
    """What was asked, what it was made of, what each step did, and what came of it."""
    build = find_build(session, app, number)
    source = _source(session, build)
    if as_json:
        print_json(session, {**asdict(build), "source": source})
        return
    for name, value in (
        _asked(build) | {"source": source} | _made_of(build) | _result(build)
    ).items():
        session.print(f"{name + ':':<14}{value or '-'}")
    if build.steps:
        session.print()
        print_table(session, ("STEP", "TOOK", "CACHE"), [_row(step) for step in build.steps])


def _source(session: Session, build: Build) -> str:
    path = source_path(session.platform.settings.sources, build.app, build.number)
    try:
        return f"kept, {math.ceil(path.stat().st_size / 1024)} KB"
    except FileNotFoundError:
        return "no longer kept"


def _asked(build: Build) -> dict[str, str]:
    return {
        "build": f"{build.number} of {build.app}",
        "status": _status(build),
        "commit": build.commit,
        "ref": build.ref,
        "who": build.who,
        "asked": timestamp(build.created_at) + _options(build.options),
        "began": timestamp(build.started_at)
        + (f", attempt {build.attempt}" if build.attempt else ""),
        "took": took(build),
    }


def _status(build: Build) -> str:
    if build.reason:
        return f"{build.status}: {build.reason}"
    return outcome(build) or build.status.value


def _options(options: BuildOptions) -> str:
    asked = [name.replace("_", "-") for name, value in asdict(options).items() if value]
    return f", {', '.join(asked)}" if asked else ""


def _made_of(build: Build) -> dict[str, str]:
    return {
        "changed": _changed(build),
        "buildpack": build.buildpack + (f" ({build.why})" if build.why else ""),
        "version": build.version,
        "base": build.base,
        "base image": build.base_image,
        "build config": f"version {build.config_version}" if build.config_version else "",
    }


def _changed(build: Build) -> str:
    if not build.compared_with:
        return ""
    count = len(build.changed)
    return f"{count} {'file' if count == 1 else 'files'} since build {build.compared_with}"


def _result(build: Build) -> dict[str, str]:
    made = build.artifact
    return {
        "image": build.tag if made else "",
        "image id": made.image if made else "",
        "processes": " ".join(made.processes) if made else "",
    }


def _row(step: Step) -> tuple[str, str, str]:
    return (
        shorten(step.name, _NAME_CHARS),
        f"{step.took_s:.1f} s",
        "cached" if step.cached else step.why,
    )


COMMANDS = (
    Command(
        "builds:info",
        "Show all that is known of a build",
        show,
        (APP, NUMBER, JSON),
        details=LATEST,
    ),
)
