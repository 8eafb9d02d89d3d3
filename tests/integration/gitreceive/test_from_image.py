"""`git:from-image`: an image becomes a commit that nobody pushed, and its build is asked for."""

import subprocess

import pytest

from releases.domain.build import BuildOptions
from releases.domain.release import Artifact, Release
from releases.log import DeployLog
from tests.integration.gitreceive.front_door import Door
from tests.services import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def app(door: Door) -> str:
    door.platform.store.apps.create("myapp", "alice")
    return "myapp"


def deploy(door: Door, *words: str, well: bool = True) -> int:
    """Run the command while a worker ends the build; return the command's exit status."""
    builds = door.platform.store.builds
    number = len(builds.list("myapp")) + 1
    command = [*door.ssh_command, "paas@127.0.0.1", "git:from-image", "myapp", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        wait_for(lambda: len(builds.list("myapp")) == number, "the build")
        log = DeployLog(door.platform.store.logs, builds.get("myapp", number).log)
        (log.succeed if well else log.fail)("it ended")
        return client.wait(20)


def run_live(door: Door) -> None:
    """What was asked for last is live now."""
    build = door.platform.store.builds.list("myapp")[0]
    artifact = Artifact("sha256:1", build.commit, build.number, {"web": None}, 80)
    door.platform.store.releases.add(Release("myapp", 1, artifact, {}, "alice", 1.0, "Deploy"))
    door.go_live()


def test_the_build_is_of_a_commit_of_one_file_beside_all_branches(door: Door, app: str) -> None:
    assert deploy(door, "nginx:1.27") == 0
    (build,) = door.platform.store.builds.list(app)
    assert (build.ref, build.who, build.options) == ("refs/paas/image", "alice", BuildOptions())
    shown = door.git(door.repository(), "show", f"{build.commit}:Dockerfile.image")
    assert shown.out == "FROM nginx:1.27\n"
    assert door.git(door.repository(), "for-each-ref").out.split()[2] == "refs/paas/image"
    assert door.git(door.home, "ls-remote", door.url(app)).out == ""
    assert door.git(door.repository(), "fsck", "--strict").status == 0


def test_what_runs_already_is_not_deployed_again_unless_forced(door: Door, app: str) -> None:
    deploy(door, "nginx")
    run_live(door)
    again = door.ssh("git:from-image", app, "nginx:latest")
    assert (again.status, again.out) == (
        0,
        "-----> myapp runs nginx:latest already; --force deploys it again\n",
    )
    assert len(door.platform.store.builds.list(app)) == 1
    assert deploy(door, "--force", "nginx") == 0
    forced, first = door.platform.store.builds.list(app)
    assert (forced.commit, forced.options.rebuild) == (first.commit, True)


def test_after_a_failure_the_same_image_can_be_tried_again(door: Door, app: str) -> None:
    assert deploy(door, "nginx", well=False) == 1
    assert deploy(door, "nginx") == 0


def test_another_image_is_another_commit(door: Door, app: str) -> None:
    deploy(door, "nginx:1.26")
    run_live(door)
    assert deploy(door, "nginx:1.27") == 0


def test_a_bad_name_and_an_app_that_is_not_there_change_nothing(door: Door, app: str) -> None:
    bad = door.ssh("git:from-image", app, "'nginx; id'")
    assert (bad.status, "is no image that can be deployed" in bad.err) == (2, True)
    gone = door.ssh("git:from-image", "yours", "nginx")
    assert (gone.status != 0, "app yours does not exist" in gone.err) == (True, True)
    assert not door.repository(app).exists()
    assert not door.repository("yours").exists()


def test_a_push_goes_on_beside_an_image(door: Door, app: str) -> None:
    deploy(door, "nginx")
    work = door.checkout()
    assert door.git(work, "push", "paas", "master").status == 0
    assert door.remote(work) == door.head(work)
