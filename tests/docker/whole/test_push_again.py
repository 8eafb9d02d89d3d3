"""Deploying again what is there already: push options, a rollback, ps:rebuild; all real."""

from collections.abc import Callable

import pytest

from tests.sample import Sample
from tests.whole import Whole

pytestmark = pytest.mark.docker


def test_after_a_rollback_the_push_names_the_command_that_deploys_the_branch_again(
    whole: Whole, live: Sample
) -> None:
    live.commit({}, version="two")
    assert whole.git(live.directory, "push", "paas", "master").returncode == 0
    assert whole.ssh("rollback", live.app).returncode == 0
    assert whole.get(live.app).body == "one -"

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 0
    assert "Everything up-to-date" in pushed.stderr
    assert "-----> v3 runs" in pushed.stderr
    command = f"ssh paas ps:rebuild {live.app} master"
    assert f"; to deploy master: {command}\n" in pushed.stderr
    assert whole.get(live.app).body == "one -"
    rebuilt = whole.ssh(*command.split()[2:])
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "v4 is live" in rebuilt.stdout
    assert whole.get(live.app).body == "two -"


def test_a_rebuild_runs_the_live_commit_from_a_new_image_and_the_old_one_stays_for_a_rollback(
    whole: Whole, live: Sample
) -> None:
    rebuilt = whole.ssh("ps:rebuild", live.app, "--no-cache")

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "was built before" not in rebuilt.stdout
    first, second = (whole.platform.store.releases.get(live.app, number) for number in (1, 2))
    assert second.why == f"Rebuild {live.head()[:7]}: Version one"
    assert second.artifact.image != first.artifact.image
    assert whole.ssh("rollback", live.app, "v1").returncode == 0
    assert whole.get(live.app).body == "one -"


def test_a_push_without_a_deploy_leaves_what_runs(whole: Whole, live: Sample) -> None:
    live.commit({}, version="two")

    pushed = whole.git(live.directory, "push", "-o", "no-deploy", "paas", "master")

    assert pushed.returncode == 0, pushed.stderr
    assert whole.get(live.app).body == "one -"
    assert whole.ssh("ps:rebuild", live.app, "master").returncode == 0
    assert whole.get(live.app).body == "two -"


def test_a_redeploy_of_the_live_commit_is_a_new_release_of_the_same_image(
    whole: Whole, live: Sample
) -> None:
    first = live.head()
    live.commit({}, version="two")
    whole.git(live.directory, "push", "paas", "master")
    whole.ssh("rollback", live.app)  # v3 runs the first commit again
    spec = f"{first}:refs/heads/master"
    again = whole.git(live.directory, "push", "-f", "-o", "redeploy", "paas", spec)

    assert again.returncode == 0, again.stderr
    assert "v4 is live" in again.stderr
    assert "was built before" in again.stderr


def test_the_apps_own_branch_deploys(whole: Whole, sample: Callable[..., Sample]) -> None:
    app = sample()
    whole.ssh("apps:create", app.app)
    assert whole.ssh("git:set", app.app, "deploy-branch", "live").returncode == 0

    stored = whole.git(app.directory, "push", "paas", "master")
    assert "Stored master, which does not deploy; live does" in stored.stderr
    assert whole.git(app.directory, "push", "paas", "master:live").returncode == 0
    assert whole.get(app.app).body == "one -"
