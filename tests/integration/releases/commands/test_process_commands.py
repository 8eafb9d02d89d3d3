"""The commands on what runs and what it may take, as a session runs them."""

import json

import pytest

from releases.domain.app import BadScale
from releases.domain.limits import BadLimit, Limits, Terms
from releases.errors import BadInput
from releases.work.queue import (
    CLEAR_LIMITS,
    LIMIT,
    RESTART,
    SET_RESTART_POLICY,
    START,
    STOP,
)
from tests.integration.releases.commands.shell import Shell

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("words", "job", "arguments"),
    [
        (["ps:stop"], STOP, []),
        (["ps:start"], START, []),
        (["ps:restart", "web.1", "worker"], RESTART, [["web.1", "worker"]]),
        (["ps:set", "restart-policy", "on-failure:20"], SET_RESTART_POLICY, ["on-failure:20"]),
        (["ps:set", "restart-policy"], SET_RESTART_POLICY, ["on-failure:10"]),
        (["resource:limit-clear"], CLEAR_LIMITS, ["*"]),
        (["resource:limit-clear", "--process-type", "web"], CLEAR_LIMITS, ["web"]),
        (["resource:limit", "--memory", "1g"], LIMIT, ["*", {"memory_mb": 1024}]),
        (
            ["resource:limit", "--cpu", "0.5", "--pids", "0", "--process-type", "web"],
            LIMIT,
            ["web", {"cpus": 0.5, "pids": 0}],
        ),
    ],
)
def test_each_is_one_job(
    shell: Shell, live: str, words: list[str], job: str, arguments: list[object]
) -> None:
    name, *rest = words
    _, asked = shell.worked_off(name, live, *rest, ending=lambda log: log.succeed("done"))
    assert (asked.func_name, asked.args[:-1]) == (job, [live, *arguments, "alice"])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["resource:limit"], BadLimit),
        (["resource:limit", "--memory", "lots"], BadLimit),
        (["resource:limit", "--memory", "1g", "--process-type", "a b"], BadScale),
        (["ps:set", "restart-policy", "sometimes"], BadLimit),
        (["ps:set", "colour", "red"], BadInput),
    ],
)
def test_what_cannot_be_had_asks_for_nothing(
    shell: Shell, live: str, words: list[str], error: type[BadInput]
) -> None:
    name, *rest = words
    with pytest.raises(error):
        shell(name, live, *rest)
    assert shell.jobs() == []


def test_limits_are_reported_by_process_type(shell: Shell) -> None:
    store = shell.platform.store
    store.apps.create("myapp", "bob")
    store.apps.set_formation("myapp", {"web": 1, "worker": 1})
    store.apps.set_terms("myapp", Terms({"*": Limits(pids=99), "web": Limits(256, 0.5)}))

    rows = [row.split() for row in shell("resource:report", "myapp").splitlines()]
    assert rows == [
        ["PROCESS", "MEMORY", "CPU", "PIDS"],
        ["(every", "type)", "-", "-", "99"],
        ["web", "256", "MB", "0.5", "99"],
        ["worker", "-", "-", "99"],
    ]
    found = json.loads(shell("resource:report", "myapp", "--json"))
    assert found["web"] == {"memory_mb": 256, "cpu": 0.5, "pids": 99}
    assert found["worker"] == {"memory_mb": None, "cpu": None, "pids": 99}


def test_a_stopped_app_is_listed_as_stopped(shell: Shell, live: str) -> None:
    store = shell.platform.store
    found = store.apps.get(live).live
    assert found
    with store.locks.hold(live, "Stop") as lock:
        store.routes.flip(lock, type(found)(2, {"web": 2}, stopped=True), {}, [])

    assert "web=2 (stopped)" in shell("apps")
    assert json.loads(shell("apps:info", live, "--json"))["stopped"] is True
    assert "web=2 (stopped)" in shell("apps:info", live)
