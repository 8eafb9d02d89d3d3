"""Push options, the branch that deploys, and deploying again: by the real git client."""

import subprocess
from pathlib import Path

import pytest

from releases.domain.build import BuildOptions, BuildStatus
from releases.domain.release import Artifact, Release
from releases.log import DeployLog
from tests.integration.gitreceive.front_door import Door
from tests.integration.gitreceive.interop.clients import Libgit2, Push
from tests.services import wait_for

pytestmark = pytest.mark.integration


def make_live(door: Door, commit: str, why: str = "Deploy") -> None:
    """Make the app look as if this commit of its runs, as v1."""
    artifact = Artifact("sha256:1", commit, 1, {"web": None}, 5000)
    door.platform.store.releases.add(Release("myapp", 1, artifact, {}, "alice", 1.0, why))
    door.go_live()


def end_build(door: Door, number: int) -> None:
    """Stand in for the worker: end a build's deploy well."""
    builds = door.platform.store.builds
    wait_for(lambda: number in {build.number for build in builds.list("myapp")}, "the build")
    DeployLog(door.platform.store.logs, builds.get("myapp", number).log).succeed("v2 is live")


def rebuild(door: Door, *words: str) -> str:
    """`ps:rebuild myapp ...` while a worker ends the build; return what was shown."""
    command = [*door.ssh_command, "paas@127.0.0.1", "ps:rebuild", "myapp", *words]
    number = len(door.platform.store.builds.list("myapp")) + 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        end_build(door, number)
        out, _ = client.communicate(timeout=20)
    assert client.returncode == 0
    return out


def test_no_deploy_stores_the_branch_without_a_build_and_says_so(door: Door) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "-o", "no-deploy", "paas", "master")
    assert pushed.status == 0, pushed.err
    commit = door.head(work)
    assert f"remote: -----> Stored master at {commit[:7]} and deployed nothing" in pushed.err
    assert "ssh paas ps:rebuild myapp master" in pushed.err
    assert door.remote(work) == commit
    assert door.builder.requests == []
    assert door.git(door.home, "clone", "-q", door.url("myapp"), "copy").status == 0
    assert door.head(door.home / "copy") == commit


def test_no_cache_and_redeploy_reach_the_build(door: Door) -> None:
    work = door.checkout()
    assert door.git(work, "push", "-o", "no-cache", "paas", "master").status == 0
    door.commit(work, "second")
    assert door.git(work, "push", "-o", "redeploy", "paas", "master").status == 0
    asked = [build.options for build in door.builder.requests]
    assert asked == [BuildOptions(no_cache=True), BuildOptions(redeploy=True)]


def test_a_shallow_client_s_options_count_too(door: Door) -> None:
    work = door.checkout()
    door.commit(work, "second")
    door.git(door.home, "clone", "-q", "--depth", "1", f"file://{work}", "shallow")
    shallow = door.home / "shallow"
    assert door.git(shallow, "push", "-o", "no-deploy", door.url("myapp"), "master").status == 0
    assert door.builder.requests == []


def test_an_unknown_option_is_refused_with_one_line_and_nothing_is_kept(door: Door) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "-o", "nocache", "paas", "master")
    assert pushed.status == 1
    assert "(push option 'nocache' is not known; did you mean -o no-cache?)" in pushed.err
    assert door.builder.requests == []
    door.wait_idle()
    assert door.packs() == []


def test_redeploy_without_a_branch_that_deploys_is_refused(door: Door) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "-o", "redeploy", "paas", "master:topic")
    assert pushed.status == 1
    assert "none is in this push" in pushed.err


def test_after_a_rollback_a_push_of_the_same_says_how_to_deploy_it_again(door: Door) -> None:
    work = door.checkout()
    first = door.head(work)
    second = door.commit(work, "second")
    door.git(work, "push", "paas", "master")
    make_live(door, first, "Rollback to v1")
    pushed = door.git(work, "push", "paas", "master")
    assert pushed.status == 0
    assert "Everything up-to-date" in pushed.err
    line = (
        f"-----> v1 runs {first[:7]} (Rollback to v1), not master ({second[:7]}); "
        "to deploy master: ssh paas ps:rebuild myapp master\n"
    )
    assert line in pushed.err
    assert "v2 is live" in rebuild(door, "master")
    [build, _] = door.platform.store.builds.list("myapp")
    assert (build.commit, build.ref, build.who) == (second, "refs/heads/master", "alice")
    assert build.options == BuildOptions(rebuild=True, redeploy=True)


def test_a_client_that_sends_what_is_there_already_deploys_it_again_only_when_asked(
    door: Door,
) -> None:
    work = door.checkout()
    first = door.head(work)
    door.commit(work, "second")
    client, master = Libgit2(door), "refs/heads/master:refs/heads/master"
    assert client.push(work, "myapp", Push([master])).status == 0
    make_live(door, first, "Rollback to v1")
    again = client.push(work, "myapp", Push([master]))
    assert "-----> Everything up-to-date\n-----> v1 runs" in again.text
    assert len(door.builder.requests) == 1
    assert client.push(work, "myapp", Push([master], options=["redeploy"])).status == 0
    assert door.builder.requests[1].options == BuildOptions(redeploy=True)


def test_a_push_of_what_runs_says_up_to_date_and_no_more(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    make_live(door, door.head(work))
    assert door.git(work, "push", "paas", "master").err == "Everything up-to-date\n"


def test_a_push_of_what_was_stored_without_a_deploy_says_how_to_deploy_it(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "-o", "no-deploy", "paas", "master")
    pushed = door.git(work, "push", "paas", "master")
    assert "is stored and not deployed; to deploy it: ssh paas ps:rebuild myapp" in pushed.err


def test_rebuild_without_a_name_builds_what_is_live(door: Door) -> None:
    work = door.checkout()
    first = door.head(work)
    door.git(work, "push", "paas", "master")
    door.commit(work, "second")
    door.git(work, "push", "-o", "no-deploy", "paas", "master")
    make_live(door, first)
    rebuild(door, "--no-cache")
    build = door.platform.store.builds.list("myapp")[0]
    assert (build.commit, build.ref) == (first, "refs/heads/master")
    assert build.options == BuildOptions(rebuild=True, no_cache=True, redeploy=True)
    assert build.status is BuildStatus.QUEUED


def test_rebuild_finds_tags_and_short_names_of_commits(door: Door) -> None:
    work = door.checkout()
    door.git(work, "tag", "-a", "-m", "one", "v1.0")
    door.git(work, "push", "-o", "no-deploy", "paas", "master", "v1.0")
    for name in ("v1.0", door.head(work)[:8]):
        rebuild(door, name)
        assert door.platform.store.builds.list("myapp")[0].commit == door.head(work)


@pytest.mark.parametrize("name", ["nope", "ffffffff", "--", "a b", "caf\u00e9", "HEAD:file"])
def test_rebuild_of_what_is_not_there_says_so(door: Door, name: str) -> None:
    work = door.checkout()
    door.git(work, "push", "-o", "no-deploy", "paas", "master")
    said = door.ssh("ps:rebuild", "myapp", "--", f"'{name}'")
    assert said.status == 1
    assert "is no branch, tag or commit in the repository of myapp" in said.err


def test_rebuild_of_an_app_that_never_ran_says_so(door: Door) -> None:
    door.platform.store.apps.create("myapp", "alice")
    assert "app myapp has no release yet" in door.ssh("ps:rebuild", "myapp").err
    assert "push it first" in door.ssh("ps:rebuild", "myapp", "master").err


def clone_head(door: Door, name: str) -> str:
    """What a clone of the app checks out."""
    assert door.git(door.home, "clone", "-q", door.url("myapp"), name).status == 0
    directory: Path = door.home / name
    return door.git(directory, "branch", "--show-current").out.strip()


def test_an_app_s_own_deploy_branch_deploys_and_head_follows_it(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master", "master:live")
    assert clone_head(door, "one") == "master"
    said = door.ssh("git:set", "myapp", "deploy-branch", "live")
    assert said.out.startswith("-----> live deploys myapp\n")
    assert "ps:rebuild myapp live" in said.out
    assert clone_head(door, "two") == "live"
    door.commit(work, "second")
    pushed = door.git(work, "push", "paas", "master")
    assert "Stored master, which does not deploy; live does" in pushed.err
    door.git(work, "push", "paas", "master:live")
    assert [build.ref for build in door.builder.requests] == [
        "refs/heads/master",
        "refs/heads/live",
    ]
    assert door.ssh("git:set", "myapp", "deploy-branch").out.startswith(
        "-----> main and master deploy myapp\n"
    )
    assert clone_head(door, "three") == "master"


def test_a_deploy_branch_may_be_set_before_anything_was_pushed(door: Door) -> None:
    door.platform.store.apps.create("myapp", "alice")
    assert door.ssh("git:set", "myapp", "deploy-branch", "release/1").status == 0
    work = door.checkout()
    assert door.git(work, "push", "paas", "master:release/1").status == 0
    assert len(door.builder.requests) == 1
    assert clone_head(door, "copy") == "release/1"
    report = door.ssh("git:report", "myapp").out
    assert report == f"deploy branches: release/1\nrelease/1: {door.head(work)}\n"


def test_a_bad_deploy_branch_changes_nothing(door: Door) -> None:
    door.platform.store.apps.create("myapp", "alice")
    said = door.ssh("git:set", "myapp", "deploy-branch", "a..b")
    assert (said.status, "is no name for a branch" in said.err) == (2, True)
    assert door.ssh("git:set", "myapp", "depoly-branch", "x").status == 2
    assert door.ssh("git:set", "nope", "deploy-branch", "x").status == 20
    assert '"own": false' in door.ssh("git:report", "myapp", "--json").out


def test_a_sha256_repository_is_refused_with_a_clear_line(door: Door) -> None:
    door.git(door.home, "init", "-q", "-b", "master", "--object-format=sha256", "work")
    work = door.home / "work"
    door.commit(work, "first")
    for _ in range(2):  # to an empty repository, where git's own words are no help, and another
        pushed = door.git(work, "push", door.url("myapp"), "master")
        assert pushed.status == 128
        assert " !     git left without pushing. A SHA-256 repository cannot be" in pushed.err
        sha1 = door.checkout("other")
        assert door.git(sha1, "push", "paas", "master").status == 0
    assert "does not support this repository's hash algorithm" in pushed.err


def test_a_dry_run_and_a_push_that_git_itself_refuses_are_told_nothing_of_it(door: Door) -> None:
    work = door.checkout()
    assert "git left" not in door.git(work, "push", "--dry-run", "paas", "master").err
    door.commit(work, "second")
    door.git(work, "push", "paas", "master")
    behind = door.git(work, "push", "paas", "HEAD~1:master")
    assert behind.status == 1
    assert "git left" not in behind.err
