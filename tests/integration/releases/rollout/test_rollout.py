"""What a rollout promises, from any starting point: the new release whole, or the old one whole."""

from dataclasses import replace

import pytest

from releases.domain.app import BadScale
from releases.domain.build import BuildOptions
from releases.domain.config import ConfigChange
from releases.domain.release import ReleaseStatus
from releases.engine.protocol import EngineFailed
from releases.rollout import changes, processes, rollback
from releases.rollout.changes import Superseded
from releases.rollout.converge import converge
from releases.rollout.health import UnhealthyRelease
from releases.rollout.rollback import CannotRollBack
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines, statuses

pytestmark = pytest.mark.integration


def test_the_first_deploy_starts_one_web_and_routes_to_it(shop: Shop) -> None:
    line = deploy(shop, "a")

    assert line == "v1 is live, http://shop.localhost:8080"
    assert shop.running() == ["v1 web.1"]
    assert shop.backends() == ["http://10.214.1.1:5000"]
    assert statuses(shop) == ["v1 live"]


def test_a_second_deploy_starts_beside_the_first_and_moves_the_routes(shop: Shop) -> None:
    deploy(shop, "a")
    deploy(shop, "b")

    assert shop.running() == ["v1 web.1", "v2 web.1"]  # the first one is left to drain
    assert shop.backends() == ["http://10.214.1.2:5000"]
    assert statuses(shop) == ["v2 live", "v1 superseded"]


def test_deploying_what_is_live_already_changes_nothing(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        line = changes.deploy(rollout, shop.store.builds.get("shop", 1))

    assert line == "v1 runs this commit already, http://shop.localhost:8080"
    assert statuses(shop) == ["v1 live"]


def test_a_redeploy_of_what_is_live_is_a_new_release_with_new_containers(shop: Shop) -> None:
    deploy(shop, "a")
    again = replace(shop.built("a"), options=BuildOptions(redeploy=True))
    with shop.open() as rollout:
        line = changes.deploy(rollout, again)

    assert line == "v2 is live, http://shop.localhost:8080"
    assert statuses(shop) == ["v2 live", "v1 superseded"]
    assert shop.running() == ["v1 web.1", "v2 web.1"]


def test_a_deploy_that_was_queued_twice_is_one_release(shop: Shop) -> None:
    build = replace(shop.built("a"), options=BuildOptions(redeploy=True))
    for _ in range(2):
        with shop.open() as rollout:
            line = changes.deploy(rollout, build)

    assert line == "v1 runs this commit already, http://shop.localhost:8080"
    assert statuses(shop) == ["v1 live"]


def test_an_image_that_a_build_host_pushed_is_pulled_before_anything_starts(shop: Shop) -> None:
    shop.engine.images.add("none")  # from here on the engine has only what it pulls
    shop.engine.refused.add("registry/paas/shop@sha256:b")
    first, second = (shop.pushed(letter) for letter in "ab")
    with shop.open() as rollout:
        changes.deploy(rollout, first)
    assert "       Pulling registry/paas/shop@sha256:a" in log_lines(shop, rollout)
    with shop.open() as rollout, pytest.raises(EngineFailed, match="cannot be pulled"):
        changes.deploy(rollout, second)
    assert shop.running() == ["v1 web.1"]
    assert statuses(shop) == ["v2 failed", "v1 live"]


def test_a_rollback_pulls_an_image_that_the_host_has_lost(shop: Shop) -> None:
    for letter in "ab":
        with shop.open() as rollout:
            changes.deploy(rollout, shop.pushed(letter))
    shop.forget_old()
    shop.engine.images = {"none"}
    with shop.open() as rollout:
        assert rollback.roll_back(rollout, 0, "ada").startswith("v3 is live")
    assert shop.engine.images == {"none", "sha256:a"}


def test_a_build_that_ends_after_a_newer_one_went_live_is_not_deployed(shop: Shop) -> None:
    older, newer = shop.built("a"), shop.built("b")
    with shop.open() as rollout:
        changes.deploy(rollout, newer)
        with pytest.raises(Superseded, match="v1 runs the newer build 2"):
            changes.deploy(rollout, older)


def test_a_process_that_dies_leaves_everything_as_it_was_and_its_last_lines_are_shown(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    before = shop.backends(), shop.store.apps.get("shop"), shop.store.routes.changes_since(0)
    shop.engine.dying.add("worker.1")
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    with shop.open() as rollout, pytest.raises(UnhealthyRelease, match=r"worker\.1 exited"):
        changes.deploy(rollout, shop.built("b", {"web": None, "worker": "work"}))

    after = shop.store.apps.get("shop")
    assert (shop.backends(), after.live, shop.store.routes.changes_since(0)) == (
        before[0],
        before[1].live,
        before[2],
    )
    assert after.target is None
    assert statuses(shop) == ["v2 failed", "v1 live"]
    assert "       worker.1 | boom" in log_lines(shop, rollout)


def test_the_failed_release_keeps_its_number_and_its_reason(shop: Shop) -> None:
    shop.engine.dying.add("web.1")
    with pytest.raises(UnhealthyRelease):
        deploy(shop, "a")
    shop.engine.dying.clear()
    deploy(shop, "b")

    _, state = shop.store.releases.get_with_state("shop", 1)
    assert state.status is ReleaseStatus.FAILED
    assert "web.1 exited with status 3" in state.reason
    assert statuses(shop)[0] == "v2 live"


def test_docker_refusing_one_container_leaves_everything_as_it_was(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.refused.add("web.1")
    with pytest.raises(EngineFailed):
        deploy(shop, "b")

    assert shop.running() == ["v1 web.1"]
    assert statuses(shop) == ["v2 failed", "v1 live"]


def test_a_config_change_is_a_release_with_the_same_image(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"GREETING": "hello"}), "ada")

    live = shop.store.releases.get("shop", 2)
    assert (live.artifact.commit, live.config, live.why) == (
        "a" * 40,
        {"GREETING": "hello"},
        "Set GREETING",
    )
    assert shop.store.configs.config("shop") == {"GREETING": "hello"}


def test_a_config_change_that_cannot_start_leaves_the_old_config_in_force(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.dying.add("web.1")
    with shop.open() as rollout, pytest.raises(UnhealthyRelease):
        changes.change_config(rollout, ConfigChange({"GREETING": "hello"}), "ada")

    assert shop.store.configs.config("shop") == {}


def test_config_before_the_first_deploy_goes_out_with_it(shop: Shop) -> None:
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"GREETING": "hello"}), "ada")
    deploy(shop, "a")

    assert shop.store.releases.get("shop", 1).config == {"GREETING": "hello"}


def test_setting_what_is_set_already_makes_no_release(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"A": "1"}), "ada")
        line = changes.change_config(rollout, ConfigChange({"A": "1"}), "ada")

    assert line.startswith("Nothing to change")
    assert statuses(shop)[0] == "v2 live"


def test_a_rollback_brings_back_code_and_config_as_a_new_release(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"COLOR": "red"}), "ada")
        changes.deploy(rollout, shop.built("b"))
        changes.change_config(rollout, ConfigChange({"COLOR": "blue"}), "ada")
        rollback.roll_back(rollout, 2, "bob")

    live = shop.store.releases.get("shop", 5)
    assert (live.artifact.commit, live.config, live.why, live.who) == (
        "a" * 40,
        {"COLOR": "red"},
        "Rollback to v2",
        "bob",
    )
    assert shop.store.configs.config("shop") == {"COLOR": "red"}


def test_a_rollback_without_a_number_goes_to_the_last_release_that_was_live(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.dying.add("web.1")
    with pytest.raises(UnhealthyRelease):
        deploy(shop, "b")
    shop.engine.dying.clear()
    deploy(shop, "c")
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")

    assert shop.store.releases.get("shop", 4).why == "Rollback to v1"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (2, "v2 of shop is live already"),
        (1, "is failed, not a release to go back to"),
        (9, "no release v9"),
    ],
)
def test_a_rollback_that_makes_no_sense_is_refused(shop: Shop, number: int, said: str) -> None:
    shop.engine.dying.add("web.1")
    with pytest.raises(UnhealthyRelease):
        deploy(shop, "a")
    shop.engine.dying.clear()
    deploy(shop, "b")
    with shop.open() as rollout, pytest.raises(Exception, match=said):
        rollback.roll_back(rollout, number, "ada")
    assert statuses(shop) == ["v2 live", "v1 failed"]


def test_a_rollback_with_nothing_to_go_back_to_says_so(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout, pytest.raises(CannotRollBack, match="no release before v1"):
        rollback.roll_back(rollout, 0, "ada")


def test_a_rollback_to_a_release_whose_image_is_gone_offers_to_build_it_again(shop: Shop) -> None:
    deploy(shop, "a")
    deploy(shop, "b")
    shop.forget_old()
    shop.engine.images = {"sha256:b"}
    with shop.open() as rollout, pytest.raises(CannotRollBack, match="ps:rebuild shop aaaaaaa"):
        rollback.roll_back(rollout, 1, "ada")


def test_scaling_up_starts_only_the_difference(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 3})

    assert shop.running() == ["v1 web.1", "v1 web.2", "v1 web.3"]
    assert len(shop.backends()) == 3
    assert statuses(shop) == ["v1 live"]  # a formation is not a release


def test_scaling_up_that_fails_keeps_the_formation_and_the_routes(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.dying.add("web.2")
    with shop.open() as rollout, pytest.raises(UnhealthyRelease):
        processes.scale(rollout, {"web": 3})

    assert shop.store.apps.get("shop").formation == {"web": 1}
    assert shop.backends() == ["http://10.214.1.1:5000"]
    assert statuses(shop) == ["v1 live"]


def test_an_unknown_process_type_cannot_be_scaled(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout, pytest.raises(BadScale, match="no process type clock; v1 has web"):
        processes.scale(rollout, {"clock": 1})


def test_a_scale_before_the_first_deploy_is_honoured(shop: Shop) -> None:
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2, "worker": 1})
    deploy(shop, "a", {"web": None, "worker": "work", "clock": "tick"})

    assert shop.running() == ["v1 web.1", "v1 web.2", "v1 worker.1"]


def test_a_scale_outlives_the_next_deploy(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2})
    deploy(shop, "b")

    assert [name for name in shop.running() if name.startswith("v2")] == ["v2 web.1", "v2 web.2"]


def test_a_restart_replaces_every_container_within_the_same_release(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        processes.restart(rollout)

    assert shop.backends() == ["http://10.214.1.2:5000"]
    assert statuses(shop) == ["v1 live"]


def test_a_stopped_container_of_the_live_release_is_started_again(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.stop_all()
    with shop.open() as rollout:
        converge(rollout)

    assert shop.engine.condition(shop.engine.containers("shop")[0]).running
    assert shop.backends() == ["http://10.214.1.1:5000"]


def test_an_own_domain_is_routed_with_the_next_converge(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.routes.claim_domain("shop", "www.example.com")
    with shop.open() as rollout:
        converge(rollout)

    assert shop.store.routes.hosts("shop") == ["shop.localhost", "www.example.com"]


def test_an_app_without_a_web_process_has_no_route(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"worker": 1})
    line = deploy(shop, "a", {"worker": "work"})

    assert line == "v1 is live, without a web process"
    assert shop.store.routes.hosts("shop") == []
    assert shop.running() == ["v1 worker.1"]


def test_a_count_for_a_process_type_that_a_release_lacks_waits_for_one_that_has_it(
    shop: Shop,
) -> None:
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 1, "worker": 2})
    deploy(shop, "a")
    deploy(shop, "b", {"web": None, "worker": "work"})

    assert [name for name in shop.running() if "worker" in name] == ["v2 worker.1", "v2 worker.2"]
