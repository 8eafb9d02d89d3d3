"""What an app's image stands on: told before, during and after its build."""

import pytest

from builder.bases.footing import Footing, read_footing
from builder.bases.live import Standing
from releases.domain.build import Build, BuildStatus, Step

RUNTIME = Footing("paas/runtime-python:3.11-0123456789ab", "sha256:12", "bookworm", "3.11")
PULLED = "sha256:" + "3" * 64
CURRENT = {"paas/runtime-python:3.11": "sha256:12"}


def test_an_image_carries_what_it_stands_on() -> None:
    assert read_footing(RUNTIME.labels) == RUNTIME
    assert Footing("scratch").labels == {"paas.base": "scratch"}
    assert read_footing({}) == Footing()


def test_the_last_image_that_buildkit_pulled_is_known_by_its_digest() -> None:
    steps = [
        Step(f"[build 1/3] FROM docker.io/library/golang:1@sha256:{'4' * 64}", 1.0, True),
        Step(f"[stage-1 1/2] FROM docker.io/library/debian:12@{PULLED}", 1.0, True),
        Step("[stage-1 2/2] COPY --from=build /app /app", 1.0, False),
    ]
    assert Footing("debian:12").completed(steps).image == PULLED
    assert Footing("debian:12").completed([]).image == ""


def test_an_id_that_was_known_before_stays() -> None:
    steps = [Step(f"[1/2] FROM docker.io/paas/runtime@{PULLED}", 1.0, True)]
    assert RUNTIME.completed(steps) == RUNTIME


def standing(footing: Footing, buildpack: str = "python") -> Standing:
    build = Build("myapp", 1, "3" * 40, "", "alice", "log", BuildStatus.SUCCEEDED, 0.0)
    return Standing("myapp", footing.written_to(Build(**{**vars(build), "buildpack": buildpack})))


def test_an_app_is_behind_when_its_line_has_another_image_now() -> None:
    assert not standing(RUNTIME).is_behind(CURRENT, {"python"})
    newer = {"paas/runtime-python:3.11": "sha256:13"}
    assert standing(RUNTIME).is_behind(newer, {"python"})


def test_an_app_whose_line_is_made_no_more_is_behind() -> None:
    assert standing(RUNTIME).is_behind({}, {"python"})


def test_an_app_on_a_foreign_image_is_never_behind() -> None:
    assert not standing(Footing("debian:12", "sha256:5"), "dockerfile").is_behind({}, {"python"})


@pytest.mark.parametrize(("buildpack", "is_behind"), [("python", True), ("dockerfile", False)])
def test_a_record_from_before_bases_were_noted_is_behind_if_a_runtime_was_used(
    buildpack: str, is_behind: bool
) -> None:
    assert standing(Footing(), buildpack).is_behind(CURRENT, {"python"}) is is_behind


def test_what_is_needed_for_an_update_is_read_from_the_bases_name() -> None:
    found = standing(RUNTIME)
    assert (found.runtime, found.version, found.suite) == ("python", "3.11", "bookworm")
    stack = standing(Footing("paas/stack:trixie-0123456789ab", "sha256:6", "trixie"))
    assert (stack.runtime, stack.suite) == ("", "trixie")
