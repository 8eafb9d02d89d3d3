"""The commands on apps, as a session runs them."""

import json

import pytest

from releases.domain.app import AppExists, BadAppName, NoSuchApp
from releases.errors import BadInput
from releases.log import DeployLog
from releases.work.queue import DESTROY
from tests.builds import end_build, start_build
from tests.integration.releases.commands.shell import TABLE, Shell

pytestmark = pytest.mark.integration
NEEDS_AN_APP = [
    name
    for name, command in TABLE.items()
    if any(param.name == "app" for param in command.params) and name != "apps:create"
]
LAST_ARGUMENTS = {
    "config:get": ["A"], "config:set": ["A=1"], "config:unset": ["A"], "ps:scale": ["web=1"],
    "apps:destroy": ["--confirm", "myapp"], "run:stop": ["run.1"],
    "ps:set": ["restart-policy"], "resource:limit": ["--memory", "256m"],
}  # fmt: skip


def test_no_app_is_a_heading_and_an_empty_list(shell: Shell) -> None:
    assert shell("apps").split() == ["APP", "RELEASE", "PROCESSES", "URL"]
    assert json.loads(shell("apps", "--json")) == []


def test_a_created_app_is_listed(shell: Shell) -> None:
    assert shell("apps:create", "myapp") == (
        "-----> Created myapp; deploy it with: git push paas:myapp master\n"
    )
    assert shell("apps:exists", "myapp") == "myapp exists\n"
    assert "http://myapp.localhost:8080" in shell("apps")
    [summary] = json.loads(shell("apps:list", "--json"))
    assert (summary["app"], summary["by"], summary["release"]) == ("myapp", "alice", None)


def test_an_app_cannot_be_created_twice_or_with_a_bad_name(shell: Shell) -> None:
    shell("apps:create", "myapp")
    with pytest.raises(AppExists):
        shell("apps:create", "myapp")
    for name in ("a/b", "a_b", "A", "a;b", "$(id)", "a:b"):
        with pytest.raises(BadAppName):
            shell("apps:create", name)
    assert shell.platform.store.apps.names() == ["myapp"]


@pytest.mark.parametrize("name", NEEDS_AN_APP)
def test_a_missing_app_is_named_and_has_its_own_exit_status(shell: Shell, name: str) -> None:
    with pytest.raises(NoSuchApp, match="app myapp does not exist") as missing:
        shell(name, "myapp", *LAST_ARGUMENTS.get(name, []))
    assert missing.value.exit_status == 20
    assert shell.jobs() == []


def test_what_is_known_of_an_app_is_shown(shell: Shell, live: str) -> None:
    shell.platform.store.routes.claim_domain(live, "www.example.com")
    shown = dict(line.split(None, 1) for line in shell("apps:info", live).splitlines())
    assert shown["release:"] == "v2"
    assert shown["processes:"] == "web=2 worker=0"
    assert shown["domains:"] == "www.example.com"
    assert shown["url:"] == "http://myapp.localhost:8080"
    assert json.loads(shell("apps:info", live, "--json"))["domains"] == ["www.example.com"]


def test_the_exact_base_that_an_app_stands_on_is_shown(shell: Shell, live: str) -> None:
    store = shell.platform.store
    start_build(store, live)
    running = start_build(store, live)  # v2 runs what the second build made
    base = {"base": "paas/runtime-python:3.11-0123456789ab", "base_image": "sha256:12"}
    end_build(store, running, **base, suite="bookworm", version="3.11", buildpack="python")
    shown = dict(line.split(":", 1) for line in shell("apps:info", live).splitlines())
    known = json.loads(shell("apps:info", live, "--json"))
    for name, value in (
        ("base", "paas/runtime-python:3.11-0123456789ab"),
        ("base image", "sha256:12"),
        ("debian", "bookworm"),
        ("language", "python 3.11"),
    ):
        assert (shown[name].strip(), known[name.replace(" ", "_")]) == (value, value)


def test_an_app_without_a_release_has_dashes_for_what_comes_with_one(shell: Shell) -> None:
    shell("apps:create", "myapp")
    shown = dict(line.split(None, 1) for line in shell("apps:info", "myapp").splitlines())
    assert [shown[name] for name in ("release:", "commit:", "image:", "processes:")] == ["-"] * 4


@pytest.mark.parametrize("words", [[], ["--confirm", "other"], ["--confirm", ""]])
def test_nothing_is_destroyed_without_the_name_typed_twice(
    shell: Shell, live: str, words: list[str]
) -> None:
    with pytest.raises(BadInput, match="add --confirm myapp"):
        shell("apps:destroy", live, *words)
    assert shell.jobs() == []
    assert not shell.platform.store.apps.get(live).destroying


def test_destroy_is_asked_for_once_confirmed(shell: Shell, live: str) -> None:
    def end(log: DeployLog) -> None:
        assert shell.platform.store.apps.get(live).destroying
        log.step("Destroying myapp")
        log.succeed("myapp is gone")

    shown, job = shell.worked_off("apps:destroy", live, "--confirm", live, ending=end)
    assert shown == "-----> Destroying myapp\n-----> myapp is gone\n"
    assert (job.func_name, job.args[:-1]) == (DESTROY, [live])
