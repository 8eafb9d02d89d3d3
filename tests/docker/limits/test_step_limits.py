"""A step that takes too much memory, CPU, time or processes: it ends, and others go on."""

from dataclasses import replace
from pathlib import Path

import pytest

from releases.domain.build import BuildStatus
from tests.docker.limits.conftest import Yard, steps_of
from tests.docker.limits.other_app import OtherApp
from tests.services import wait_for

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("exec busybox tail -c 200m /dev/zero", "ended with exit status 137: "),
        ("busybox tail -c 200m /dev/zero; exit 3", "ended with exit status 3: "),
    ],
)
def test_a_step_that_takes_too_much_memory_is_killed_and_told_which_setting(
    yard: Yard, other: OtherApp, command: str, reason: str
) -> None:
    build = yard.run("hungry", command)
    assert build.status is BuildStatus.FAILED
    assert build.reason == (
        f"`RUN {command}` {reason}a process of a step was killed, "
        "which used more than 48 MB (the setting build_memory_mb)"
    )
    assert other.missed() == []


def test_a_step_that_forks_without_bound_is_stopped_while_another_build_goes_on(
    yard: Yard, other: OtherApp
) -> None:
    bomb = yard.begin("bomb", "f() { f | f & }; f; exec busybox sleep 98765001")
    assert yard.run("quiet", "echo as ever").status is BuildStatus.SUCCEEDED
    ended = yard.wait_for_end(bomb)
    assert (ended.status, ended.reason) == (
        BuildStatus.FAILED,
        "it was stopped: a step started more than 40 processes (the setting build_processes)",
    )
    wait_for(lambda: not steps_of(yard), "the end of all its processes")
    assert other.missed() == []


def test_steps_of_a_build_get_little_cpu_and_those_of_others_are_left_alone(yard: Yard) -> None:
    if not Path("/sys/fs/cgroup/cpu/cpu.shares").exists():
        pytest.skip("this machine has version 2 of cgroups")
    show = "cd /sys/fs/cgroup/cpu && cat cpu.shares cpu.cfs_quota_us"
    ours = yard.output(yard.run("modest", show))
    assert [line.strip() for line in ours if line.strip().isdigit()] == ["128", "50000"]
    strangers = yard.build_as_a_stranger(f"{show}; true")  # not from the cache
    assert [line for line in strangers if line.lstrip("-").isdigit()] == ["1024", "-1"]


def test_whose_step_it_is_makes_no_difference_to_the_cache(yard: Yard) -> None:
    assert yard.run("first", "echo cached").status is BuildStatus.SUCCEEDED
    second = yard.run("second", "echo cached")
    assert any("CACHED [2/2] RUN echo cached" in line for line in yard.output(second))


def test_a_build_that_never_ends_and_never_prints_is_stopped_with_all_its_processes(
    yard: Yard, other: OtherApp
) -> None:
    platform = yard.platform
    hasty = replace(platform, settings=replace(platform.settings, build_timeout_s=1))
    build = replace(yard, platform=hasty).run("endless", "while :; do busybox sleep 1; done")
    assert build.status is BuildStatus.FAILED
    assert build.reason.endswith("(the setting build_timeout_s)")
    wait_for(lambda: not steps_of(yard), "the end of all its processes")
    assert other.missed() == []
