"""The commands that show buildpacks and choose one for an app, over a real store."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from builder.commands import COMMANDS
from builder.detection.plan import NoSuchBuildpack
from releases.command import Session
from releases.domain.app import NoSuchApp
from releases.domain.build import BuildSettings
from releases.errors import BadInput
from releases.platform import Platform
from tests.fakes.printed import printed

pytestmark = pytest.mark.integration
RUN = {command.name: command.run for command in COMMANDS}


@pytest.fixture
def session(platform: Platform, tmp_path: Path) -> Session:
    platform.store.apps.create("hello", "tester")
    extra = replace(platform.settings, extra_buildpacks=str(tmp_path))
    return Session(replace(platform, settings=extra), "tester", io.BytesIO(), io.StringIO())


def settings(session: Session) -> BuildSettings:
    return session.platform.store.builds.settings("hello")


def test_a_buildpack_is_set_shown_and_taken_back(session: Session) -> None:
    RUN["builds:set"](session, "hello", "buildpack", "static")
    RUN["builds:set"](session, "hello", "dockerfile", "./deploy//Dockerfile")
    assert settings(session) == BuildSettings("static", "deploy/Dockerfile")
    RUN["builds:report"](session, "hello", as_json=False)
    assert "buildpack: static\ndockerfile: deploy/Dockerfile\n" in printed(session)
    RUN["builds:set"](session, "hello", "buildpack", "")
    assert settings(session) == BuildSettings("", "deploy/Dockerfile")


def test_a_report_is_there_for_programs(session: Session) -> None:
    RUN["builds:report"](session, "hello", as_json=True)
    document = json.loads(printed(session))
    assert (document["app"], document["buildpack"], document["dockerfile"]) == ("hello", "", "")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("buildpack", "cobol", NoSuchBuildpack),
        ("dockerfile", "/etc/passwd", BadInput),
        ("dockerfile", "../Dockerfile", BadInput),
        ("dockerfile", ".", BadInput),
        ("dockerfile", "a\nb", BadInput),
    ],
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(
    session: Session, name: str, value: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        RUN["builds:set"](session, "hello", name, value)
    assert settings(session) == BuildSettings()


def test_an_app_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(NoSuchApp):
        RUN["builds:set"](session, "gone", "buildpack", "static")
    with pytest.raises(NoSuchApp):
        RUN["builds:report"](session, "gone", as_json=False)


def test_buildpacks_are_listed_with_what_they_look_for_and_those_that_cannot_be_used(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "broken").mkdir()
    RUN["buildpacks"](session, as_json=False)
    output = printed(session)
    assert "node" in output
    assert "24 (default)" in output
    assert "requirements.txt, pyproject.toml, Pipfile.lock, Procfile or app.py" in output
    assert f" !     {tmp_path}/broken/buildpack.yml: cannot be read" in output


def test_buildpacks_are_listed_for_programs(session: Session) -> None:
    RUN["buildpacks"](session, as_json=True)
    document = json.loads(printed(session))
    assert document["cannot_be_used"] == []
    assert {"name": "static", "ours": True}.items() <= document["buildpacks"][-1].items()
