"""The commands on releases and processes, and how a session follows what they ask for."""

import io
import json
from dataclasses import replace
from typing import Any

import click
import pytest

from releases.command import Session
from releases.domain.app import BadScale
from releases.errors import BadInput, PaasError
from releases.log import DeployFailed, DeployLog
from releases.platform import Platform
from releases.store import Store
from releases.store.releases import NoSuchRelease
from releases.work.queue import RESTART, ROLL_BACK, SCALE
from tests.integration.releases.commands.shell import TABLE, Shell

pytestmark = pytest.mark.integration


def test_releases_are_listed_newest_first_with_their_end(shell: Shell, live: str) -> None:
    rows = shell("releases", live).splitlines()
    assert [row[:1] for row in rows[1:]] == [" ", "*", " "]
    assert [row[1:].split()[:3] for row in rows[1:]] == [
        ["v3", "failed", "3f9ac21"],
        ["v2", "live", "3f9ac21"],
        ["v1", "superseded", "3f9ac21"],
    ]
    assert rows[1].endswith("Deploy 3f9ac21 (web.1 exited with status 3)")
    assert [one["release"] for one in json.loads(shell("releases", live, "--json"))] == [
        "v3", "v2", "v1",
    ]  # fmt: skip


def test_the_live_release_is_marked_for_programs_too(shell: Shell, live: str) -> None:
    listed = json.loads(shell("releases", live, "--json"))
    assert [one["live"] for one in listed] == [False, True, False]


def test_without_docker_nothing_is_said_of_images(platform: Platform, live: str) -> None:
    settings = replace(platform.settings, docker_host="unix:///nowhere/docker.sock")
    shell = Shell(replace(platform, settings=settings))
    assert "image gone" not in shell("releases", live)
    listed = json.loads(shell("releases", live, "--json"))
    assert [one["image_gone"] for one in listed] == [None] * 3


def test_how_many_releases_keep_their_images_is_shown_set_and_taken_back(
    shell: Shell, live: str
) -> None:
    default = f"{live} keeps the images of the last 10 releases; the platform's setting"
    assert shell("releases:retention", live).startswith(default)
    own = f"{live} keeps the images of the last 3 releases; set for this app\n"
    assert shell("releases:retention", live, "3") == f"-----> {own}"
    assert shell("releases:retention", live) == own
    assert json.loads(shell("releases:retention", live, "--json")) == {
        "app": live, "kept": 3, "own": True,
    }  # fmt: skip
    assert "the live release and the one before" in shell("releases:retention", live, "1")
    assert shell("releases:retention", live, "default").startswith(f"-----> {default}")


@pytest.mark.parametrize("text", ["0", "-1", "x", "1001", "2.5", "\u0663"])
def test_a_number_of_releases_that_cannot_be_kept_changes_nothing(
    shell: Shell, live: str, text: str
) -> None:
    with pytest.raises((BadInput, click.NoSuchOption)):
        shell("releases:retention", live, text)
    assert shell.platform.store.apps.get(live).releases_kept == 0


def test_a_release_shows_the_names_of_its_config_and_no_value(shell: Shell, live: str) -> None:
    for words in ([], ["--json"], ["v2"], ["2"]):
        shown = shell("releases:info", live, *words)
        assert "s3cret" not in shown
        assert "v2" in shown
    shown = shell("releases:info", live)
    assert "config:    A\n" in shown
    assert "processes: web: (the image), worker: work\n" in shown


def test_a_release_that_never_was_is_named(shell: Shell, live: str) -> None:
    with pytest.raises(NoSuchRelease, match="app myapp has no release v9"):
        shell("releases:info", live, "v9")
    with pytest.raises(BadInput, match="'latest' is not a release"):
        shell("releases:info", live, "latest")


def test_an_app_without_a_release_says_so(shell: Shell, store: Store) -> None:
    store.apps.create("myapp", "bob")
    assert shell("releases", "myapp").splitlines() == [shell("releases", "myapp").rstrip("\n")]
    with pytest.raises(PaasError, match="app myapp has no release yet"):
        shell("releases:info", "myapp")


@pytest.mark.parametrize(("words", "number"), [([], 0), (["v1"], 1), (["1"], 1)])
def test_a_rollback_is_asked_for_by_number(
    shell: Shell, live: str, words: list[str], number: int
) -> None:
    _, job = shell.worked_off("rollback", live, *words, ending=lambda log: log.succeed("v4"))
    assert (job.func_name, job.args[:-1]) == (ROLL_BACK, [live, number, "alice"])


@pytest.mark.parametrize("word", ["v0", "x", "-1", "v1;id"])
def test_a_rollback_to_nonsense_asks_for_nothing(shell: Shell, live: str, word: str) -> None:
    with pytest.raises((BadInput, click.NoSuchOption)):
        shell("rollback", live, word)
    assert shell.jobs() == []


def test_the_formation_is_shown_before_and_after_the_first_deploy(
    shell: Shell, store: Store, live: str
) -> None:
    assert shell("ps:scale", live).split() == ["PROCESS", "COUNT", "web", "2", "worker", "0"]
    store.apps.create("fresh", "bob")
    store.apps.set_formation("fresh", {"web": 3})
    assert shell("ps:scale", "fresh").split() == ["PROCESS", "COUNT", "web", "3"]
    assert json.loads(shell("ps:scale", "fresh", "--json")) == {"web": 3}


@pytest.mark.parametrize(
    "words", [["web"], ["web=-1"], ["web=x"], ["web=101"], ["web=1", "worker=x"], ["=1"]]
)
def test_a_count_that_cannot_be_run_changes_nothing(
    shell: Shell, live: str, words: list[str]
) -> None:
    with pytest.raises(BadScale):
        shell("ps:scale", live, *words)
    assert shell.jobs() == []


def test_counts_are_one_job(shell: Shell, live: str) -> None:
    _, job = shell.worked_off(
        "ps:scale", live, "web=3", "worker=1", ending=lambda log: log.succeed("done")
    )
    assert (job.func_name, job.args[:-1]) == (SCALE, [live, {"web": 3, "worker": 1}, "alice"])


def test_a_restart_is_asked_for(shell: Shell, live: str) -> None:
    _, job = shell.worked_off("ps:restart", live, ending=lambda log: log.succeed("done"))
    assert (job.func_name, job.args[:-1]) == (RESTART, [live, [], "alice"])


def test_a_log_is_shown_as_it_comes_and_ends_with_its_verdict(shell: Shell, live: str) -> None:
    def end(log: DeployLog) -> None:
        log.step("Starting web.1 of v2")
        log.detail("waiting")
        log.succeed("v2 was restarted")

    shown, _ = shell.worked_off("ps:restart", live, ending=end)
    assert shown.splitlines() == [
        "-----> Starting web.1 of v2",
        "       waiting",
        "-----> v2 was restarted",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [("ps:restart", []), ("ps:scale", ["web=1"]), ("rollback", []), ("config:set", ["A=1"])],
)
def test_a_failure_has_exit_status_1_and_its_reason(
    shell: Shell, live: str, name: str, words: list[str]
) -> None:
    def end(log: DeployLog) -> None:
        log.fail("web.1 exited with status 3")

    with pytest.raises(DeployFailed, match=r"^web\.1 exited with status 3$") as failed:
        shell.worked_off(name, live, *words, ending=end)
    assert failed.value.exit_status == 1


def test_who_hangs_up_stops_following_and_the_deploy_goes_on(shell: Shell, live: str) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    session = Session(shell.platform, "alice", io.BytesIO(), Gone())
    run: Any = TABLE["ps:restart"].run
    with pytest.raises(BrokenPipeError):
        run(session, app=live)
    assert [job.func_name for job in shell.jobs()] == [RESTART]
