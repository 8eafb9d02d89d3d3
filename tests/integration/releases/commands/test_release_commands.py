"""The release manager's commands as a session runs them; a thread plays the worker."""

import base64
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import click
import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from releases.app import AppExists, BadAppName, BadScale, Desired, NoSuchApp
from releases.command import Session
from releases.commands import COMMANDS
from releases.commands.config import NoSuchConfigVar
from releases.config import BadConfig
from releases.errors import BadInput, PaasError
from releases.log import DeployFailed, DeployLog
from releases.platform import Platform
from releases.queue import CHANGE_CONFIG, DESTROY, RELEASES, RESTART, ROLL_BACK, SCALE
from releases.store import Store
from releases.store.releases import NoSuchRelease
from tests.builds import end_build, start_build
from tests.fakes.examples import artifact, release
from tests.services import wait_for

pytestmark = pytest.mark.integration
TABLE = {command.name: command for command in COMMANDS}
NEEDS_AN_APP = [
    name
    for name, command in TABLE.items()
    if any(param.name == "app" for param in command.params) and name != "apps:create"
]
LAST_ARGUMENTS = {
    "config:get": ["A"], "config:set": ["A=1"], "config:unset": ["A"], "ps:scale": ["web=1"],
    "apps:destroy": ["--confirm", "myapp"],
}  # fmt: skip


class Shell:
    """Types commands and reads what they print."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.queue = redis.Redis.from_url(platform.settings.redis)

    def __call__(self, name: str, *words: str) -> str:
        """Run a command; return its output."""
        out = io.StringIO()
        session = Session(self.platform, "alice", io.BytesIO(), out)
        command = TABLE[name]
        shaped = click.Command(name, params=list(command.params))
        with shaped.make_context(name, list(words)) as context:
            command.run(session, **context.params)
        return out.getvalue()

    def jobs(self) -> list[Job]:
        """The jobs that nobody has taken."""
        ids = [name.decode() for name in self.queue.lrange(f"rq:queue:{RELEASES}", 0, -1)]
        found = Job.fetch_many(ids, connection=self.queue, serializer=JSONSerializer)
        return [job for job in found if job]

    def worked_off(
        self, name: str, *words: str, ending: Callable[[DeployLog], None]
    ) -> tuple[str, Job]:
        """Run a command whose job somebody takes and ends so; return its output and the job."""
        worker = threading.Thread(target=self._work_off, args=(ending,), daemon=True)
        worker.start()
        try:
            shown = self(name, *words)
        finally:
            worker.join(10.0)
        return shown, self.jobs()[0]

    def _work_off(self, ending: Callable[[DeployLog], None]) -> None:
        wait_for(self.jobs, "a job on the queue")
        ending(DeployLog(self.platform.store.logs, self.jobs()[0].args[-1]))


@pytest.fixture
def shell(platform: Platform) -> Shell:
    """A person at the keyboard."""
    return Shell(platform)


@pytest.fixture
def live(store: Store) -> str:
    """The name of an app with releases v1 (superseded), v2 (live) and v3 (failed)."""
    store.apps.create("myapp", "bob")
    processes: dict[str, str | None] = {"web": None, "worker": "work"}
    for number in (1, 2, 3):
        store.apps.next_release("myapp")
        made = artifact(build=number, processes=processes)
        store.releases.add(release(number=number, made=made, config={"A": "s3cret"}))
    with store.locks.hold("myapp", "Deploy") as lock:
        for number in (1, 2):
            store.routes.flip(lock, Desired(number, {"web": 2, "worker": 0}), {"A": "s3cret"}, [])
    store.releases.fail("myapp", 3, "web.1 exited with status 3")
    return "myapp"


# Apps


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
        assert (shown[name].strip(), known[name]) == (value, value)


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


# Config


def test_config_is_shown_sorted_and_for_a_shell(shell: Shell, live: str) -> None:
    shell.platform.store.apps.set_config(live, {"B": "it's", "A": "two words", "C": ""})
    assert shell("config", live) == "A='two words'\nB='it'\"'\"'s'\nC=''\n"
    shown = shell("config", live, "--json")
    assert list(json.loads(shown).items()) == [("A", "two words"), ("B", "it's"), ("C", "")]


@pytest.mark.parametrize("value", ["two words", 'it\'s "x"', "a\nb", "grüße 🚀", "", "a=b", " $A "])
def test_a_value_is_printed_exactly(shell: Shell, live: str, value: str) -> None:
    shell.platform.store.apps.set_config(live, {"A": value})
    assert shell("config:get", live, "A") == value + "\n"


def test_a_var_that_is_not_set_is_an_error(shell: Shell, live: str) -> None:
    with pytest.raises(NoSuchConfigVar, match="myapp has no config var NOPE"):
        shell("config:get", live, "NOPE")


def test_the_build_config_is_another_one_and_restarts_nothing(shell: Shell, live: str) -> None:
    said = shell("config:set", "--build", live, "INDEX=https://x", "TOKEN=it's s3cret")
    assert said == "-----> Set INDEX, TOKEN for builds of myapp, from the next one on\n"
    assert shell("config", "--build", live) == "INDEX=https://x\nTOKEN='it'\"'\"'s s3cret'\n"
    assert shell("config:get", "--build", live, "TOKEN") == "it's s3cret\n"
    assert shell("config", live) == "A=s3cret\n"
    shell("config:unset", live, "TOKEN", "--build")
    assert json.loads(shell("config", "--build", live, "--json")) == {"INDEX": "https://x"}
    assert shell.jobs() == []


def test_a_build_config_var_that_is_not_there_is_named_as_one(shell: Shell, live: str) -> None:
    for words in (["config:get"], ["config:unset"]):
        with pytest.raises(NoSuchConfigVar, match="myapp has no build config var A;"):
            shell(*words, "--build", live, "A")


@pytest.mark.parametrize("name", ["BUILD_CONFIG", "RUNTIME", "STACK"])
def test_a_build_config_var_of_the_platforms_own_name_is_refused(
    shell: Shell, live: str, name: str
) -> None:
    with pytest.raises(BadConfig, match=f"build config var {name}: the platform sets it"):
        shell("config:set", "--build", live, f"{name}=x")
    assert shell("config", "--build", live) == ""


@pytest.mark.parametrize(
    "words",
    [[], ["NOPAIR"], ["A=1", "NOPAIR"], ["1A=1"], ["=1"], ["A B=1"], ["PORT=web"], ["A=\0"],
     ["--encoded", "A=not base64"], ["--encoded", "A=/w=="],
     ["--encoded", "PORT=" + base64.b64encode(b"web").decode()],
     ["--encoded", "A=" + base64.b64encode(b"\0").decode()]],
)  # fmt: skip
def test_a_config_that_cannot_be_set_changes_nothing(
    shell: Shell, live: str, words: list[str]
) -> None:
    with pytest.raises(BadConfig) as refused:
        shell("config:set", live, *words)
    assert refused.value.exit_status == 2
    assert shell.jobs() == []
    assert list(shell.queue.scan_iter("paas:change:*")) == []


def test_several_pairs_are_one_job_that_carries_no_value(shell: Shell, live: str) -> None:
    shown, job = shell.worked_off(
        "config:set", live, "A=s3cret two", "B=x=y", ending=lambda log: log.succeed("v4 is live")
    )
    assert shown == "-----> Set A, B on myapp\n-----> v4 is live\n"
    app, change, who, _ = job.args
    assert (job.func_name, app, who) == (CHANGE_CONFIG, live, "alice")
    assert "s3cret" not in json.dumps(job.args)
    assert dict(shell.platform.store.apps.change(change).values) == {"A": "s3cret two", "B": "x=y"}


def test_an_encoded_value_is_kept_to_the_byte(shell: Shell, live: str) -> None:
    value = "two\nlines\r\n grüße '\" "
    encoded = base64.b64encode(value.encode()).decode()
    _, job = shell.worked_off(
        "config:set", live, "--encoded", f"A={encoded}", ending=lambda log: log.succeed("")
    )
    assert shell.platform.store.apps.change(job.args[1]).values == {"A": value}


def test_a_port_may_be_encoded_as_any_other_value(shell: Shell, live: str) -> None:
    encoded = base64.b64encode(b"8123").decode()
    _, job = shell.worked_off(
        "config:set", live, "--encoded", f"PORT={encoded}", ending=lambda log: log.succeed("")
    )
    assert shell.platform.store.apps.change(job.args[1]).values == {"PORT": "8123"}


def test_several_names_are_unset_by_one_job(shell: Shell, live: str) -> None:
    shell.platform.store.apps.set_config(live, {"A": "1", "B": "2"})
    shown, job = shell.worked_off(
        "config:unset", live, "A", "B", ending=lambda log: log.succeed("v4 is live")
    )
    assert shown.startswith("-----> Unset A, B on myapp\n")
    assert shell.platform.store.apps.change(job.args[1]).removed == ("A", "B")


@pytest.mark.parametrize("name", ["NOPE", "not-a-name"])
def test_one_unknown_name_unsets_nothing(shell: Shell, live: str, name: str) -> None:
    with pytest.raises(PaasError):
        shell("config:unset", live, "A", name)
    assert shell.jobs() == []


def test_config_unset_needs_a_name(shell: Shell, live: str) -> None:
    with pytest.raises(click.MissingParameter):
        shell("config:unset", live)


# Releases


def test_releases_are_listed_newest_first_with_their_end(shell: Shell, live: str) -> None:
    rows = shell("releases", live).splitlines()
    assert [row.split()[:3] for row in rows[1:]] == [
        ["v3", "failed", "3f9ac21"],
        ["v2", "live", "3f9ac21"],
        ["v1", "superseded", "3f9ac21"],
    ]
    assert rows[1].endswith("Deploy 3f9ac21 (web.1 exited with status 3)")
    assert [one["release"] for one in json.loads(shell("releases", live, "--json"))] == [
        "v3", "v2", "v1",
    ]  # fmt: skip


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


# Processes


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
    assert (job.func_name, job.args[:-1]) == (RESTART, [live, "alice"])


# Following


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
