"""The commands on checks."""

import json

import pytest

from releases.domain.app_json import AppJson
from releases.domain.check import Check
from releases.domain.desired import Desired
from releases.errors import BadInput, PaasError
from releases.store import Store
from tests.fakes.examples import artifact, release
from tests.integration.releases.commands.shell import Shell

pytestmark = pytest.mark.integration
CHECKS = {"web": (Check(path="/up"), Check(type="liveness", path="/alive"))}


@pytest.fixture
def checked(store: Store) -> str:
    """An app whose web has a check, and a worker without one."""
    store.apps.create("myapp", "bob")
    made = artifact(
        processes={"web": None, "worker": "work"}, app_json=AppJson(healthchecks=CHECKS)
    )
    store.releases.add(release(number=store.apps.next_release("myapp"), made=made))
    with store.locks.hold("myapp", "Deploy") as lock:
        store.routes.flip(lock, Desired(1, {"web": 1}), {}, [])
    return "myapp"


def enabled(shell: Shell, app: str) -> dict[str, bool]:
    """Whether each process type is checked."""
    rows = json.loads(shell("checks:report", app, "--json"))
    return {row["process"]: row["enabled"] for row in rows}


def test_the_report_names_the_checks_that_a_deploy_runs(shell: Shell, checked: str) -> None:
    assert [line.split() for line in shell("checks:report", checked).splitlines()] == [
        ["PROCESS", "ENABLED", "CHECKS"],
        ["web", "yes", "GET", "/up"],
        ["worker", "yes", "(default)"],
    ]


def test_checks_are_disabled_and_enabled_by_process_type_or_all(shell: Shell, checked: str) -> None:
    assert "web of myapp serves as soon as" in shell("checks:disable", checked, "web")
    assert enabled(shell, checked) == {"web": False, "worker": True}
    shell("checks:disable", checked)
    assert enabled(shell, checked) == {"web": False, "worker": False}
    with pytest.raises(BadInput, match="`checks:enable myapp` ends that"):
        shell("checks:enable", checked, "web")
    shell("checks:enable", checked)
    assert enabled(shell, checked) == {"web": True, "worker": True}


def test_dokkus_list_with_commas_is_understood(shell: Shell, checked: str) -> None:
    shell("checks:disable", checked, "web,worker")
    shell("checks:enable", checked, "worker")
    assert enabled(shell, checked) == {"web": False, "worker": True}


def test_a_process_type_that_is_not_there_is_refused(shell: Shell, checked: str) -> None:
    with pytest.raises(BadInput, match="no process type 'clock'; it has web, worker"):
        shell("checks:disable", checked, "clock")
    assert enabled(shell, checked) == {"web": True, "worker": True}


def test_an_app_without_a_release_has_nothing_to_check(shell: Shell, store: Store) -> None:
    store.apps.create("myapp", "bob")
    shell("checks:disable", "myapp", "web")
    for name in ("checks:run", "checks:report"):
        with pytest.raises(PaasError, match="has no release yet"):
            shell(name, "myapp")
