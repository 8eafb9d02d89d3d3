"""What an app's own checks decide of a rollout."""

from typing import Any

import pytest

from releases.domain.app_json import AppJson
from releases.domain.check import Check
from releases.rollout import changes
from releases.rollout.health import UnhealthyRelease
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines, statuses

pytestmark = pytest.mark.integration
PROCESSES: dict[str, str | None] = {"web": None, "worker": "work"}


def deploy_checked(shop: Shop, **checks: Check) -> list[str]:
    """Deploy a web and a worker with these checks; what the pusher saw."""
    said = AppJson(healthchecks={name: (check,) for name, check in checks.items()})
    build = shop.built("b", PROCESSES, app_json=said)
    with shop.open() as rollout:
        try:
            changes.deploy(rollout, build)
        finally:
            seen = log_lines(shop, rollout)
    return seen


def state(shop: Shop) -> Any:
    """What traffic sees, and what runs."""
    return shop.store.routes.changes_since(0), shop.store.apps.get("shop").live, shop.running()[0]


def test_a_release_whose_checks_pass_is_live(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    deploy_checked(shop, web=Check(listening=True), worker=Check(command=("echo", "ready")))
    assert statuses(shop) == ["v1 live"]


def test_web_that_passes_and_a_worker_that_fails_leave_everything_as_it_was(shop: Shop) -> None:
    deploy(shop, "a", PROCESSES)
    before = state(shop)
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    failing = Check(name="is ready", command=("false",), attempts=1, timeout=0.01, wait=0.01)
    with pytest.raises(UnhealthyRelease, match=r"worker\.1 failed its check 'is ready'"):
        deploy_checked(shop, worker=failing)
    assert state(shop) == before
    assert statuses(shop) == ["v2 failed", "v1 live"]
    assert shop.engine.stopped == []


def test_a_failing_check_fails_nothing_where_checks_are_disabled(shop: Shop) -> None:
    shop.store.apps.set_unchecked("shop", ["web"])
    deploy_checked(shop, web=Check(command=("false",)))
    assert statuses(shop) == ["v1 live"]


def test_a_failing_check_that_only_warns_is_told_in_the_log(shop: Shop) -> None:
    warning = Check(command=("false",), attempts=1, timeout=0.01, wait=0.01, warn=True)
    seen = deploy_checked(shop, web=warning)
    assert any(" !     Only a warning: web.1 failed its check 'false'" in line for line in seen)
    assert statuses(shop) == ["v1 live"]
