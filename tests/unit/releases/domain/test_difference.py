"""What differs between two releases, and that no value of the config is in it."""

from dataclasses import replace
from typing import Any

from releases.domain.build import Build, BuildStatus
from releases.domain.difference import UNKNOWN, Fact, Line, Names, compare, difference
from releases.domain.release import Release
from tests.fakes.examples import COMMIT, artifact, release

PYTHON = Build(
    "myapp", 1, COMMIT, "refs/heads/main", "ada", "log", BuildStatus.SUCCEEDED, 0.0,
    buildpack="python", version="3.11", base="paas/runtime-python:3.11-a", base_image="sha256:a",
)  # fmt: skip


def made(number: int = 1, config: dict[str, str] | None = None, **known: Any) -> Release:
    """A release of an artifact with these fields."""
    return release(number=number, made=artifact(**known), config=config)


def test_a_release_does_not_differ_from_itself() -> None:
    found = difference(made(config={"A": "1"}), made(config={"A": "1"}), PYTHON, PYTHON)
    assert (found.config, found.processes, found.facts) == (Names(), (), ())
    assert not found.config


def test_config_is_told_by_name() -> None:
    old, new = {"B": "s3cret", "A": "1", "SAME": "x"}, {"A": "2", "SAME": "x", "D": "", "C": "n3w"}
    assert compare(old, new) == Names(added=("C", "D"), changed=("A",), removed=("B",))
    told = repr(difference(made(config=old), made(config=new), None, None))
    assert "s3cret" not in told
    assert "n3w" not in told


def test_process_types_are_told_with_their_lines() -> None:
    old = made(processes={"web": None, "clock": "tick", "worker": "work"})
    new = made(processes={"web": "serve", "mail": "send", "worker": "work"})
    assert difference(old, new, None, None).processes == (
        Line("clock", "tick", None),
        Line("mail", None, "send"),
        Line("web", "(the image)", "serve"),
    )


def test_a_port_that_only_the_config_changes_is_told() -> None:
    found = difference(made(), made(config={"PORT": "8080"}), PYTHON, PYTHON)
    assert found.facts == (Fact("port", "5000", "8080"),)


def test_the_base_is_told_by_name_and_id_as_the_builds_knew_it() -> None:
    newer = replace(
        PYTHON, version="3.13", base="paas/runtime-python:3.13-b", base_image="sha256:b"
    )
    found = difference(made(), made(2, image="sha256:2"), PYTHON, newer)
    assert found.facts == (
        Fact("version", "3.11", "3.13"),
        Fact("base", "paas/runtime-python:3.11-a", "paas/runtime-python:3.13-b"),
        Fact("base image", "sha256:a", "sha256:b"),
        Fact("image", made().artifact.image, "sha256:2"),
    )


def test_what_a_forgotten_build_knew_is_unknown() -> None:
    found = difference(made(), made(), None, PYTHON)
    assert found.facts[0] == Fact("buildpack", UNKNOWN, "python")
    assert difference(made(), made(), None, None).facts == ()
