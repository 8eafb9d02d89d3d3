"""What app.json says of config and formation, and what a deploy makes of it."""

import pytest

from releases.domain.app import BadScale
from releases.domain.app_json import AppJson, EnvVar
from releases.domain.config import ConfigChange
from releases.rollout import changes, processes, rollback
from releases.rollout.env import ConfigMissing
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines, statuses

pytestmark = pytest.mark.integration
PROCESSES: dict[str, str | None] = {"web": None, "worker": "work"}


def deploy_with(shop: Shop, letter: str, **said: object) -> list[str]:
    """Deploy a web and a worker whose app.json says so; what the pusher saw."""
    build = shop.built(letter, PROCESSES, app_json=AppJson(**said))  # type: ignore[arg-type] # given by name
    with shop.open() as rollout:
        changes.deploy(rollout, build)
    return log_lines(shop, rollout)


def formation(shop: Shop) -> dict[str, int]:
    """What runs."""
    live = shop.store.apps.get("shop").live
    assert live
    return dict(live.formation)


def test_a_deploy_adds_what_the_config_lacks_and_changes_nothing_that_is_set(shop: Shop) -> None:
    shop.store.configs.set_config("shop", {"GREETING": "mine"})
    env = {"GREETING": EnvVar("theirs"), "COLOR": EnvVar("red"), "EMPTY": EnvVar("")}
    seen = deploy_with(shop, "a", env=env)
    expected = {"GREETING": "mine", "COLOR": "red", "EMPTY": ""}
    assert shop.store.configs.config("shop") == expected
    assert shop.store.releases.get("shop", 1).config == expected
    assert "       Config that app.json brings: COLOR, EMPTY" in seen


def test_a_secret_is_generated_once_and_is_in_no_log(shop: Shop) -> None:
    env = {"SECRET_KEY": EnvVar(generator="secret")}
    seen = deploy_with(shop, "a", env=env)
    secret = shop.store.configs.config("shop")["SECRET_KEY"]
    assert len(secret) == 64
    assert secret not in "".join(seen)
    deploy_with(shop, "b", env=env)
    assert shop.store.configs.config("shop")["SECRET_KEY"] == secret


def test_a_required_name_without_a_value_fails_the_deploy_before_anything_starts(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    env = {
        "API_KEY": EnvVar(description="of the\nbank"),
        "MAILER": EnvVar(required=False),
        "HOST": EnvVar(),
    }
    with pytest.raises(ConfigMissing) as refused:
        deploy_with(shop, "b", env=env)
    assert str(refused.value) == (
        "app.json requires API_KEY (of the bank), HOST; set it with `config:set shop "
        "API_KEY=... HOST=...` and push again"
    )
    assert statuses(shop) == ["v1 live"]
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"API_KEY": "1", "HOST": "2"}), "ada")
    deploy_with(shop, "c", env=env)
    assert set(shop.store.configs.config("shop")) == {"API_KEY", "HOST"}


def test_what_is_staged_counts_as_set(shop: Shop) -> None:
    shop.store.configs.stage("shop", ConfigChange({"API_KEY": "1"}))
    deploy_with(shop, "a", env={"API_KEY": EnvVar()})
    assert shop.store.configs.config("shop") == {"API_KEY": "1"}


def test_a_config_change_adds_nothing_of_app_json(shop: Shop) -> None:
    deploy_with(shop, "a", env={"COLOR": EnvVar("red")})
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange(removed=("COLOR",)), "ada")
    assert shop.store.configs.config("shop") == {}


def test_app_json_sets_the_scale_with_each_deploy(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    deploy_with(shop, "a", formation={"web": 2, "clock": 1})
    assert formation(shop) == {"web": 2, "worker": 1}
    deploy_with(shop, "b", formation={"web": 3})
    assert formation(shop) == {"web": 3, "worker": 1}


def test_what_app_json_sets_cannot_be_scaled_by_hand_and_the_rest_can(shop: Shop) -> None:
    deploy_with(shop, "a", formation={"web": 2})
    with shop.open() as rollout:
        with pytest.raises(BadScale) as refused:
            processes.scale(rollout, {"web": 1})
        processes.scale(rollout, {"worker": 1})
    assert str(refused.value) == ("app.json of v1 sets web=2; change its formation there and push")
    assert formation(shop) == {"web": 2, "worker": 1}


def test_a_rollback_brings_back_the_scale_of_its_app_json(shop: Shop) -> None:
    deploy_with(shop, "a", formation={"web": 2})
    deploy_with(shop, "b", formation={"web": 1})
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")
    assert formation(shop) == {"web": 2, "worker": 0}
