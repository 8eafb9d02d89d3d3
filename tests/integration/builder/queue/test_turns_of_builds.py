"""Whose build is next: one of an app at a time, the newest request, and what waiting looks like."""

import pytest

from builder.request import request_build
from builder.source.archive import source_path
from builder.source.objects import Objects
from releases.domain.build import BuildRequest, BuildStatus
from releases.store.builds import RivalBegan
from releases.work.queue import BUILDS
from tests.integration.builder.floor import Floor

pytestmark = pytest.mark.integration


def test_a_build_waits_for_one_of_its_app_without_holding_a_worker(floor: Floor) -> None:
    floor.engine.hold("shop")
    for _ in range(2):
        floor.start_worker()
    first = floor.push("shop")
    floor.wait_until_at_engine("shop")
    second = floor.push("shop", content="changed")
    floor.wait(floor.push("blog"), BuildStatus.SUCCEEDED)
    assert floor.lines(second) == ["-----> Build 2 is queued, it begins when build 1 has ended"]
    floor.engine.let_go("shop")
    floor.wait(first, BuildStatus.SUCCEEDED)
    assert floor.wait(second, BuildStatus.SUCCEEDED).attempt == 1


def test_of_many_requests_the_first_and_the_last_are_built(floor: Floor) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    floor.start_worker()
    first = floor.push("shop")
    floor.wait_until_at_engine("shop")
    between = [floor.push("shop", content=f"{number}") for number in range(8)]
    last = floor.push("shop", who="bob", content="the last")
    floor.engine.let_go("shop")
    floor.wait(last, BuildStatus.SUCCEEDED)
    floor.wait(first, BuildStatus.SUCCEEDED)
    statuses = {floor.platform.store.builds.get("shop", it.number).status for it in between}
    assert statuses == {BuildStatus.SUPERSEDED}
    by = f"build {last.number} (bob's push of {last.commit[:7]})"
    assert floor.lines(between[-1])[-1] == f"Build {between[-1].number} was superseded by {by}"
    assert floor.engine.asked.count("shop") == 2


def test_a_superseded_build_leaves_no_source(floor: Floor) -> None:
    older, newer = floor.push("shop"), floor.push("shop", content="changed")
    sources = floor.platform.settings.sources
    assert not source_path(sources, "shop", older.number).exists()
    assert source_path(sources, "shop", newer.number).exists()


def test_a_request_behind_a_rival_that_began_leaves_nothing(floor: Floor) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    first = floor.push("shop")
    floor.wait_until_at_engine("shop")
    commit = floor.repository.commit({"a": ""})
    request = BuildRequest("shop", commit, "refs/heads/main", "bob", rivals=(first.number,))
    with pytest.raises(RivalBegan):
        request_build(floor.platform, request, Objects(floor.repository.path))
    assert floor.platform.store.builds.list("shop")[0].number == first.number
    sources = (floor.platform.settings.sources / "shop").iterdir()
    assert [path.name for path in sources] == ["1.tar"]


def test_who_waits_sees_his_place_and_that_he_moves_up(floor: Floor) -> None:
    apps = ("one", "two", "three")
    floor.engine.hold(*apps)
    floor.start_worker()
    builds = [floor.push(app) for app in apps[:1]]
    floor.wait_until_at_engine("one")
    builds += [floor.push(app) for app in apps[1:]]
    assert floor.lines(builds[2]) == ["-----> Build 1 is queued, 2 builds before it"]
    floor.engine.let_go("one")
    floor.wait_until_at_engine("two")
    floor.wait_for_line(builds[2], "-----> Build 1 is queued, 1 build before it")
    floor.engine.let_go("two", "three")
    floor.wait(builds[2], BuildStatus.SUCCEEDED)
    assert "queued" not in " ".join(floor.lines(builds[0]))
    assert len([line for line in floor.lines(builds[2]) if "queued" in line]) == 2


def test_without_any_worker_that_is_said(floor: Floor) -> None:
    build = floor.push("shop")
    line = "-----> Build 1 is queued, and no build worker runs at the moment"
    assert floor.lines(build) == [line]


def test_the_source_goes_when_the_build_has_ended(floor: Floor) -> None:
    floor.start_worker()
    build = floor.push("shop")
    floor.wait_for_line(build, "-----> Building shop from " + build.commit[:7])
    floor.wait(build, BuildStatus.SUCCEEDED)
    floor.wait(floor.push("blog"), BuildStatus.SUCCEEDED)  # so the job before it has ended
    assert not source_path(floor.platform.settings.sources, "shop", build.number).exists()


def test_a_job_too_many_builds_nothing(floor: Floor) -> None:
    build = floor.push("shop")
    floor.platform.queue.request(BUILDS, "builder.jobs.build", "shop", 1, log=build.log)
    floor.start_worker()
    floor.wait(build, BuildStatus.SUCCEEDED)
    floor.wait(floor.push("blog"), BuildStatus.SUCCEEDED)
    assert floor.engine.asked == ["shop", "blog"]
