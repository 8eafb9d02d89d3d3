"""Config that is staged goes out with the next release, whatever that is for, and only once."""

import pytest

from releases.domain.config import ConfigChange
from releases.rollout import changes, processes, rollback
from releases.rollout.converge import converge
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, statuses

pytestmark = pytest.mark.integration


def stage(shop: Shop, *removed: str, **values: str) -> None:
    """As `config:set --stage` and `config:unset --stage`."""
    shop.store.configs.stage("shop", ConfigChange(values, removed))


def test_code_and_staged_config_are_one_release(shop: Shop) -> None:
    deploy(shop, "a")
    stage(shop, COLOR="red")
    deploy(shop, "b")

    release = shop.store.releases.get("shop", 2)
    assert (release.config, release.why) == ({"COLOR": "red"}, "Deploy bbbbbbb; Set COLOR")
    assert shop.store.configs.staged("shop").version == 0
    assert statuses(shop) == ["v2 live", "v1 superseded"]


def test_a_config_change_brings_what_is_staged(shop: Shop) -> None:
    deploy(shop, "a")
    stage(shop, COLOR="red", SIZE="7")
    stage(shop, "SIZE")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"GREETING": "hi"}), "ada")

    assert shop.store.configs.config("shop") == {"GREETING": "hi", "COLOR": "red"}
    assert shop.store.configs.staged("shop").change == ConfigChange()


def test_a_rollback_leaves_what_is_staged_for_the_next_release(shop: Shop) -> None:
    for letter in "ab":
        deploy(shop, letter)
    stage(shop, COLOR="red")
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")

    assert shop.store.configs.config("shop") == {}
    assert shop.store.configs.staged("shop").change == ConfigChange({"COLOR": "red"})


def test_a_release_that_fails_leaves_what_is_staged(shop: Shop) -> None:
    deploy(shop, "a")
    stage(shop, COLOR="red")
    shop.engine.dying.add("web.1")
    with pytest.raises(Exception, match=r"web\.1 exited"):
        deploy(shop, "b")

    assert shop.store.configs.config("shop") == {}
    assert shop.store.configs.staged("shop").change == ConfigChange({"COLOR": "red"})


def test_what_is_staged_later_survives_what_the_live_release_does_again(shop: Shop) -> None:
    deploy(shop, "a")
    stage(shop, COLOR="red")
    deploy(shop, "b")
    stage(shop, COLOR="blue")
    with shop.open() as rollout:
        converge(rollout)
        processes.restart(rollout)

    assert shop.store.configs.staged("shop").change == ConfigChange({"COLOR": "blue"})


def test_what_a_command_sets_counts_more_than_what_was_staged_before(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.configs.stage("shop", ConfigChange({"A": "staged", "B": "staged"}))
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"A": "set"}), "ada")

    assert shop.store.configs.config("shop") == {"A": "set", "B": "staged"}
