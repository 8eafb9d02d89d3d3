"""Pushes and fetches that are taken, by the real git client."""

import subprocess

import pytest

from tests.integration.gitreceive.front_door import Door

pytestmark = pytest.mark.integration


def test_first_push_makes_the_app_deploys_and_then_moves_the_branch(door: Door) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "paas", "master")
    assert pushed.status == 0
    assert "remote: -----> Created app myapp" in pushed.err
    assert "remote: -----> Deployed v1" in pushed.err
    assert door.remote(work) == door.head(work)
    [build] = door.builder.requests
    assert (build.commit, build.ref, build.who) == (door.head(work), "refs/heads/master", "alice")
    assert door.platform.store.apps.get("myapp").created_by == "alice"


def test_follow_up_push_deploys_and_pushing_it_again_is_up_to_date(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    second = door.commit(work, "second")
    followed = door.git(work, "push", "paas", "master")
    assert followed.status == 0
    assert "Created" not in followed.err
    assert door.remote(work) == second
    assert "Everything up-to-date" in door.git(work, "push", "paas", "master").err
    assert len(door.builder.requests) == 2


def test_force_push_to_an_older_commit_and_back_deploys_both(door: Door) -> None:
    work = door.checkout()
    first = door.head(work)
    second = door.commit(work, "second")
    door.git(work, "push", "paas", "master")
    assert door.git(work, "push", "paas", f"{first}:master").status == 1
    assert door.git(work, "push", "-f", "paas", f"{first}:master").status == 0
    assert door.remote(work) == first
    assert door.git(work, "push", "--force-with-lease", "paas", "master").status == 0
    assert [build.commit for build in door.builder.requests] == [second, first, second]


def test_another_branch_is_stored_with_a_line_naming_the_deploy_branches(door: Door) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "paas", "master:topic")
    assert pushed.status == 0
    assert "remote: -----> Stored topic, which does not deploy; main and master do" in pushed.err
    assert door.remote(work, "refs/heads/topic") == door.head(work)
    assert door.builder.requests == []


def test_a_tag_pushed_to_the_deploy_branch_deploys_its_commit(door: Door) -> None:
    work = door.checkout()
    door.git(work, "tag", "1.0.0")
    assert door.git(work, "push", "paas", "1.0.0:refs/heads/master").status == 0
    assert [build.commit for build in door.builder.requests] == [door.head(work)]


def test_tags_are_stored_updated_and_deleted_without_a_deploy(door: Door) -> None:
    work = door.checkout()
    door.git(work, "tag", "light")
    door.git(work, "tag", "-a", "-m", "annotated", "heavy")
    assert door.git(work, "push", "paas", "light", "heavy").status == 0
    assert door.remote(work, "refs/tags/heavy") != door.head(work)
    assert door.remote(work, "refs/tags/heavy^{}") == door.head(work)
    door.commit(work, "second")
    door.git(work, "tag", "-f", "light")
    assert door.git(work, "push", "-f", "paas", "light").status == 0
    assert door.remote(work, "refs/tags/light") == door.head(work)
    assert door.git(work, "push", "paas", ":light", ":heavy").status == 0
    assert door.remote(work, "refs/tags/light") == ""
    assert door.builder.requests == []


def test_branch_and_tag_in_one_atomic_push_arrive_together(door: Door) -> None:
    work = door.checkout()
    door.git(work, "tag", "v1")
    door.git(work, "branch", "topic")
    pushed = door.git(work, "push", "--atomic", "paas", "master", "v1", "topic")
    assert pushed.status == 0
    assert door.remote(work, "refs/tags/v1") == door.head(work)
    assert len(door.builder.requests) == 1


def test_five_hundred_branches_go_in_one_push(door: Door) -> None:
    work = door.checkout()
    lines = "".join(f"create refs/heads/b{n} {door.head(work)}\n" for n in range(500))
    subprocess.run(["git", "update-ref", "--stdin"], input=lines, text=True, cwd=work, check=True)
    assert door.git(work, "push", "-q", "--all", "paas").status == 0
    assert len(door.git(work, "ls-remote", "--heads", "paas").out.splitlines()) == 501


def test_a_shallow_clone_can_push(door: Door) -> None:
    work = door.checkout()
    door.commit(work, "second")
    door.git(door.home, "clone", "-q", "--depth", "1", f"file://{work}", "shallow")
    shallow = door.home / "shallow"
    pushed = door.git(shallow, "push", door.url("other"), "master")
    assert pushed.status == 0, pushed.err
    assert door.git(shallow, "push", door.url("other"), "master").status == 0


@pytest.mark.parametrize("protocol", ["0", "1", "2"])
def test_clone_fetch_and_pull_bring_what_was_pushed(door: Door, protocol: str) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    version = ["-c", f"protocol.version={protocol}"]
    assert door.git(door.home, *version, "clone", "-q", door.url("myapp"), "copy").status == 0
    copy = door.home / "copy"
    assert door.head(copy) == door.head(work), "HEAD names the first branch that was deployed"
    door.commit(work, "second")
    assert door.git(work, *version, "push", "-q", "paas", "master").status == 0
    assert door.git(copy, *version, "pull", "-q").status == 0
    assert (copy / "file").read_text() == "second"
    depth = ["clone", "-q", "--depth", "1", door.url("myapp"), "short"]
    assert door.git(door.home, *version, *depth).status == 0
    assert door.git(door.home / "short", *version, "fetch", "-q", "--unshallow").status == 0


@pytest.mark.parametrize(
    "path", ["myapp", "/myapp", "myapp.git", "/myapp.git", "myapp/", "/myapp.git/"]
)
def test_an_app_may_be_spelled_as_people_do(door: Door, path: str) -> None:
    work = door.checkout()
    url = f"paas@127.0.0.1:{path}"
    assert door.git(work, "push", url, "master").status == 0
    assert door.platform.store.apps.names() == ["myapp"]


def test_receive_pack_may_be_asked_for_as_a_subcommand_of_git(door: Door) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "--receive-pack=git receive-pack", "paas", "master")
    assert pushed.status == 0


def test_git_asks_for_its_objects_to_be_on_disk_before_the_branch_moves(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    config = door.git(door.repository(), "config", "--list", "--local").out
    assert "fsync" not in config
    assert door.git(door.repository(), "fsck", "--strict").status == 0
