"""`stack:update` as a session runs it; a thread plays the builder that renews the stacks."""

import io
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from gitreceive.dispatch import CommandTable
from gitreceive.repository import Repository
from gitreceive.stack_commands import COMMANDS
from releases.command import Session
from releases.domain.build import BuildStatus
from releases.domain.desired import Desired
from releases.log import DeployLog
from releases.platform import Platform
from releases.work.queue import BUILDS, UPDATE_BASES
from tests.builds import end_build, queue_build, start_build
from tests.fakes.examples import artifact, release
from tests.services import wait_for

pytestmark = pytest.mark.integration
LINE = "paas/runtime-python:3.11"


class Notes:
    """Nobody takes note."""

    def command(self, name: str) -> None: ...

    def refused(self, why: str) -> None: ...


class Update:
    """Runs the command against apps whose builds are only on record."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.store = platform, platform.store
        self.out = io.StringIO()
        self.redis = redis.Redis.from_url(platform.settings.redis)

    def add_live(self, app: str, **base: str) -> None:
        """An app whose live build stands on that."""
        self.store.apps.create(app, "alice")
        build = end_build(self.store, start_build(self.store, app), buildpack="python", **base)
        self.store.apps.next_release(app)
        self.store.releases.add(release(app, made=artifact(build=build.number)))
        with self.store.locks.hold(app, "Deploy") as lock:
            self.store.routes.flip(lock, Desired(1, {"web": 1}), {}, [])

    def run(
        self, *words: str, end: Callable[[DeployLog], None], only: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        """Exit status, output and complaint; `end` is how the renewal ends."""
        self.out, errors = io.StringIO(), io.StringIO()
        session = Session(self.platform, "alice", io.BytesIO(), self.out, only=only)
        with self._renewal(end):
            status = CommandTable(COMMANDS).run(["stack:update", *words], session, errors, Notes())
        return status, self.out.getvalue(), errors.getvalue()

    @contextmanager
    def _renewal(self, end: Callable[[DeployLog], None]) -> Any:
        ended = threading.Event()

        def work() -> None:
            wait_for(lambda: ended.is_set() or self.jobs(), "the job")
            for job in self.jobs():
                end(DeployLog(self.store.logs, job.args[-1]))

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        yield
        ended.set()
        worker.join(10)

    def jobs(self) -> list[Job]:
        """The renewals that were asked for."""
        ids = [name.decode() for name in self.redis.lrange(f"rq:queue:{BUILDS}", 0, -1)]
        found = Job.fetch_many(ids, connection=self.redis, serializer=JSONSerializer)
        return [job for job in found if job]


def renewed(log: DeployLog) -> None:
    """Nothing was newer."""
    log.succeed("1 stacks and runtimes are as new as can be")


@pytest.fixture
def update(platform: Platform) -> Update:
    """No app, and the runtime's current image."""
    platform.store.bases.set_current({LINE: "sha256:2"})
    return Update(platform)


def test_apps_that_have_nothing_to_gain_are_left_as_they_are(update: Update) -> None:
    update.add_live("current", base=f"{LINE}-0123456789ab", base_image="sha256:2")
    update.add_live("own", base="debian:12", base_image="sha256:7")
    update.store.apps.create("new", "alice")
    status, out, _ = update.run(end=renewed)
    assert status == 0
    assert out.splitlines()[1:] == [
        "-----> current stands on paas/runtime-python:3.11-0123456789ab: nothing to update",
        "-----> new is not deployed",
        "-----> own stands on debian:12: nothing to update",
        "-----> 0 of 3 apps were updated",
    ]


def test_a_renewal_that_fails_leaves_every_app_as_it_is(update: Update) -> None:
    update.add_live("behind", base=f"{LINE}-0123456789ab", base_image="sha256:1")
    status, out, errors = update.run(end=lambda log: log.fail("no mirror answers"))
    assert (status, out, errors) == (1, "", " !     no mirror answers\n")


def test_the_renewal_is_told_which_apps_it_is_for(update: Update) -> None:
    for app in ("one", "two"):
        update.add_live(app, base="debian:12")
    update.run("two", end=renewed)
    [job] = update.jobs()
    assert job.func_name == UPDATE_BASES
    assert list(job.args[:-1]) == ["", ["two"]]


def test_a_build_that_is_on_its_way_is_waited_for_and_not_superseded(update: Update) -> None:
    update.add_live("busy", base=f"{LINE}-0123456789ab", base_image="sha256:1")
    Repository(update.platform.settings.repositories, "busy").ensure()
    waiting = queue_build(update.store, "busy", log=update.store.logs.new("busy"))

    def end(log: DeployLog) -> None:
        renewed(log)
        wait_for(lambda: "on its way" in update.out.getvalue(), "the command to wait")
        DeployLog(update.store.logs, waiting.log).fail("the app's own mistake")

    status, out, errors = update.run(end=end)
    assert "-----> Build 2 of busy is on its way" in out
    assert update.store.builds.get("busy", 2).status is BuildStatus.QUEUED  # nobody took its place
    assert status == 1  # the repository has no commit to rebuild what is live from
    assert "busy could not be updated and runs as before" in errors


@pytest.mark.parametrize(("words", "status"), [(("no-such-app",), 20), ((), 77)])
def test_nothing_is_asked_for_a_missing_app_or_by_a_key_for_some_apps(
    update: Update, words: tuple[str, ...], status: int
) -> None:
    only = () if words else ("myapp",)
    assert update.run(*words, end=renewed, only=only)[0] == status
    assert update.jobs() == []
