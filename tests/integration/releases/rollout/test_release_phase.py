"""What an app has run beside a deploy: when, on which image, and what becomes of a failure."""

from collections.abc import Callable
from typing import Any

import pytest

from releases.domain.app_json import AppJson, Scripts
from releases.domain.build import Build
from releases.domain.config import ConfigChange
from releases.platform import Platform
from releases.rollout import changes, processes, rollback
from releases.rollout.converge import converge
from releases.rollout.phase import PostdeployFailed, ReleaseCommandFailed
from releases.rollout.rollout import Rollout
from releases.upkeep.loop import request_convergence
from releases.upkeep.lost import settle_change
from releases.work.queue import CONVERGE
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines, statuses
from tests.integration.releases.rollout.test_interrupted_rollouts import Killed, KilledAt

pytestmark = pytest.mark.integration
ALL = Scripts("predeploy", "postdeploy", "seed")


def built(shop: Shop, letter: str, scripts: Scripts = ALL, command: str = "migrate") -> Build:
    """A build of an app that has something to run."""
    said = AppJson(scripts=scripts)
    return shop.built(letter, release_command=command, app_json=said)


def released(shop: Shop, build: Build) -> Rollout:
    """Deploy it."""
    with shop.open() as rollout:
        changes.deploy(rollout, build)
    return rollout


def outcome(shop: Shop) -> Any:
    """What traffic sees, and what is recorded as live."""
    return shop.store.routes.changes_since(0), shop.store.apps.get("shop").live, shop.running()


def test_commands_run_in_their_order_on_the_new_image_and_the_first_postdeploy_once(
    shop: Shop,
) -> None:
    released(shop, built(shop, "a"))
    assert shop.engine.ran == [
        "v1 on sha256:a: predeploy",
        "v1 on sha256:a-v1: migrate",
        "v1 on sha256:a-v1: seed",
        "v1 on sha256:a-v1: postdeploy",
    ]
    released(shop, built(shop, "b"))
    assert shop.engine.ran[4:] == [
        "v2 on sha256:b: predeploy",
        "v2 on sha256:b-v2: migrate",
        "v2 on sha256:b-v2: postdeploy",
    ]
    assert shop.store.apps.get("shop").due is None


def test_the_release_runs_the_image_that_predeploy_made(shop: Shop) -> None:
    released(shop, built(shop, "a"))
    artifact = shop.store.releases.get("shop", 1).artifact
    assert (artifact.image, artifact.built_image) == ("sha256:a-v1", "sha256:a")


def test_a_commit_that_predeploy_changed_is_known_to_be_live_already(shop: Shop) -> None:
    released(shop, built(shop, "a"))
    with shop.open() as rollout:
        line = changes.deploy(rollout, built(shop, "a"))
    assert line.startswith("v1 runs this commit already")
    assert statuses(shop) == ["v1 live"]


def test_the_output_is_in_the_log_below_the_command(shop: Shop) -> None:
    lines = log_lines(shop, released(shop, built(shop, "a", Scripts())))
    at = lines.index("-----> Running release command: migrate")
    assert lines[at + 1] == "       migrate"
    assert lines.index("-----> Starting web.1 of v1") > at


@pytest.mark.parametrize(
    ("scripts", "command", "reason"),
    [
        (Scripts(), "exit 3", "release command failed with exit status 3"),
        (Scripts("exit 4"), "migrate", "predeploy failed with exit status 4"),
        (Scripts(), "sleep 9", "release command: it took longer than 600 s"),
    ],
)
def test_a_command_that_fails_before_the_flip_leaves_everything_as_it_was(
    shop: Shop, scripts: Scripts, command: str, reason: str
) -> None:
    deploy(shop, "a")
    before = outcome(shop)
    with pytest.raises(ReleaseCommandFailed, match=reason):
        released(shop, built(shop, "b", scripts, command))
    assert outcome(shop) == before
    assert shop.store.apps.get("shop").target is None
    assert statuses(shop) == ["v2 failed", "v1 live"]
    assert reason in shop.store.releases.get_with_state("shop", 2)[1].reason
    assert (shop.engine.once, shop.engine.stopped) == ({}, [])


def test_a_failing_postdeploy_fails_the_deploy_and_says_that_it_serves(shop: Shop) -> None:
    deploy(shop, "a")
    with pytest.raises(PostdeployFailed) as failed:
        released(shop, built(shop, "b", Scripts(postdeploy="exit 2")))
    assert str(failed.value) == (
        "postdeploy failed with exit status 2; v2 serves already, the traffic has moved: "
        "`rollback shop` goes back, or push a mended version"
    )
    assert statuses(shop) == ["v2 live", "v1 superseded"]
    assert shop.store.apps.get("shop").due is None


def test_the_first_postdeploy_that_failed_is_run_again_by_the_next_deploy(shop: Shop) -> None:
    with pytest.raises(PostdeployFailed, match="push a mended version"):
        released(shop, built(shop, "a", Scripts(first_postdeploy="exit 1"), ""))
    for letter in "bc":
        released(shop, built(shop, letter, Scripts(first_postdeploy="seed"), ""))
    assert shop.engine.ran == [
        "v1 on sha256:a: exit 1",
        "v2 on sha256:b: seed",
    ]


def change_config(rollout: Rollout) -> str:
    """A new release of the same code."""
    return changes.change_config(rollout, ConfigChange({"A": "b"}), "ada")


def roll_back(rollout: Rollout) -> str:
    """The release before."""
    return rollback.roll_back(rollout, 0, "ada")


def scale(rollout: Rollout) -> str:
    """Two of them."""
    return processes.scale(rollout, {"web": 2})


@pytest.mark.parametrize("change", [change_config, roll_back, scale, processes.restart])
def test_only_code_that_comes_in_has_its_commands_run(
    shop: Shop, change: Callable[[Rollout], str]
) -> None:
    for letter in "ab":
        released(shop, built(shop, letter))
    ran = list(shop.engine.ran)
    with shop.open() as rollout:
        change(rollout)
    assert shop.engine.ran == ran


def test_a_rollback_goes_back_to_the_image_that_predeploy_made(shop: Shop) -> None:
    for letter in "ab":
        released(shop, built(shop, letter))
    with shop.open() as rollout:
        roll_back(rollout)
    assert shop.store.releases.get("shop", 3).artifact.image == "sha256:a-v1"


@pytest.mark.parametrize("calls", range(1, 11))
def test_a_deploy_killed_after_any_call_to_docker_is_finished_with_its_commands(
    shop: Shop, calls: int
) -> None:
    deploy(shop, "a")
    shop.engine.ran.clear()
    build = built(shop, "b", Scripts("predeploy", "postdeploy"))
    try:
        with shop.open(KilledAt(shop.engine, calls)) as rollout:  # type: ignore[arg-type] # a proxy
            changes.deploy(rollout, build)
    except Killed:
        pass
    with shop.open() as rollout:
        converge(rollout)

    app = shop.store.apps.get("shop")
    assert (app.target, app.due) == (None, None)
    assert statuses(shop) == ["v2 live", "v1 superseded"]
    assert {line.rpartition(": ")[2] for line in shop.engine.ran} == {
        "predeploy", "migrate", "postdeploy",
    }  # fmt: skip
    assert (shop.engine.once, shop.engine.ran[-1]) == ({}, "v2 on sha256:b-v2: postdeploy")
    [serving] = [one for one in shop.engine.containers("shop") if one.slot.release == 2]
    assert shop.backends() == [serving.backend]


@pytest.mark.parametrize("line", ["predeploy", "migrate", "seed", "postdeploy"])
def test_a_worker_killed_in_the_middle_of_a_command_has_it_run_once_more(
    shop: Shop, line: str
) -> None:
    shop.engine.interrupted[line] = Killed()
    with pytest.raises(Killed):
        released(shop, built(shop, "a"))
    assert shop.engine.once == {"shop": "v1"}
    with shop.open() as rollout:
        converge(rollout)

    commands = [ran.rpartition(": ")[2] for ran in shop.engine.ran]
    assert commands.count(line) == 2
    assert shop.engine.once == {}
    assert statuses(shop) == ["v1 live"]


def test_a_change_after_a_worker_died_in_a_release_command_leaves_nothing_of_it(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    shop.engine.interrupted["migrate"] = Killed()
    with pytest.raises(Killed):
        released(shop, built(shop, "b"))
    with shop.open() as rollout:
        change_config(rollout)
    assert shop.engine.once == {}
    assert statuses(shop) == ["v3 live", "v2 failed", "v1 superseded"]


def test_a_postdeploy_that_nobody_works_on_is_asked_for_and_ends_the_pushers_log(
    shop: Shop, platform: Platform
) -> None:
    shop.engine.interrupted["postdeploy"] = Killed()
    with pytest.raises(Killed), shop.open() as rollout:
        changes.deploy(rollout, built(shop, "a"))
    settle_change(shop.store, "shop", rollout.log.id)
    assert not shop.store.logs.has_ended(rollout.log.id)

    request_convergence(platform, everything=False)
    [job] = shop.queue.jobs
    assert (job.func_name, job.args) == (CONVERGE, ["shop", rollout.log.id])


def test_a_postdeploy_that_is_due_is_left_out_once_other_code_serves(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.interrupted["postdeploy"] = Killed()
    with pytest.raises(Killed):
        released(shop, built(shop, "b"))
    with shop.open() as rollout:
        roll_back(rollout)
    assert shop.engine.ran[-1].endswith("v2: postdeploy")
    assert shop.store.apps.get("shop").due is None
    assert any("postdeploy of v2 is not run" in line for line in log_lines(shop, rollout))
    assert shop.engine.once == {}
