"""Deploys of the shop, and what is seen of them afterwards."""

from releases.rollout import changes
from releases.rollout.rollout import Rollout
from tests.integration.releases.conftest import Shop


def statuses(shop: Shop) -> list[str]:
    """`v2 live`, newest first."""
    return [f"{release.name} {state.status}" for release, state in shop.store.releases.list("shop")]


def deploy(shop: Shop, letter: str, processes: dict[str, str | None] | None = None) -> str:
    """Build and deploy a commit."""
    with shop.open() as rollout:
        return changes.deploy(rollout, shop.built(letter, processes))


def log_lines(shop: Shop, rollout: Rollout) -> list[str]:
    """What the pusher saw."""
    return [entry.line for entry in shop.store.logs.read(rollout.log.id)]
