"""What becomes of config that waits for the next release."""

import pytest

from releases.config import ConfigChange
from releases.rollout import changes
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy

pytestmark = pytest.mark.integration


def test_what_a_command_sets_counts_more_than_what_was_staged_before(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.configs.stage("shop", ConfigChange({"A": "staged", "B": "staged"}))
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"A": "set"}), "ada")

    assert shop.store.configs.config("shop") == {"A": "set", "B": "staged"}
