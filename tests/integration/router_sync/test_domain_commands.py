"""The commands on domains: who may claim what, and that bad input changes nothing."""

import io
import json
import threading
from collections.abc import Callable, Iterator

import pytest

from releases.command import Session
from releases.domain.app import NoSuchApp
from releases.domain.desired import Desired
from releases.errors import PaasError
from releases.log import DeployFailed, DeployLog
from releases.platform import Platform
from releases.work.queue import CONVERGE, RELEASES
from router_sync.commands import COMMANDS

pytestmark = pytest.mark.integration

Run = Callable[..., str]


@pytest.fixture
def run(platform: Platform) -> Run:
    """Run a command as Ada; return what it printed."""
    table = {command.name: command.run for command in COMMANDS}

    def run_it(name: str, app: str, *hosts: str, **options: bool) -> str:
        out = io.StringIO()
        given: dict[str, object] = {"hosts": hosts} if hosts else dict(options)
        if name == "domains":
            given.setdefault("as_json", False)
        table[name](Session(platform, "ada", io.BytesIO(), out), app=app, **given)
        return out.getvalue()

    for app in ("shop", "other"):
        platform.store.apps.create(app, "ada")
    return run_it


def test_an_apps_own_host_is_listed_first(run: Run) -> None:
    run("domains:add", "shop", "a.test")

    listed = json.loads(run("domains", "shop", as_json=True))

    assert [one["host"] for one in listed] == ["shop.localhost", "a.test"]
    assert "http://shop.localhost:8080" in run("domains", "shop")


def test_several_at_once_in_any_case_and_twice_is_the_same(run: Run, platform: Platform) -> None:
    run("domains:add", "shop", "WWW.Shop.test", "*.shop.test")
    said = run("domains:add", "shop", "www.shop.test", "www.shop.test")

    assert platform.store.routes.domains("shop") == ["*.shop.test", "www.shop.test"]
    assert "already" in said


@pytest.mark.parametrize(
    "bad",
    [
        "http://a.test",
        "a.test:80",
        "a.test/x",
        "a b",
        "",
        "other.localhost",
        "deep.other.localhost",
        "*.localhost",
        "not-yet-an-app.localhost",
        "taken.test",
    ],
)
def test_one_bad_host_of_several_changes_nothing(run: Run, platform: Platform, bad: str) -> None:
    run("domains:add", "other", "taken.test")

    with pytest.raises(PaasError):
        run("domains:add", "shop", "good.test", bad)

    assert platform.store.routes.domains("shop") == []
    assert platform.store.routes.domain_owner("good.test") is None


def test_hosts_below_its_own_are_the_apps(run: Run, platform: Platform) -> None:
    run("domains:add", "shop", "shop.localhost", "*.shop.localhost")

    assert platform.store.routes.domains("shop") == ["*.shop.localhost"]


def test_removed_domain_is_free_for_another_app(run: Run, platform: Platform) -> None:
    run("domains:add", "shop", "a.test", "b.test")

    run("domains:remove", "shop", "A.test")
    run("domains:add", "other", "a.test")

    assert platform.store.routes.domains("shop") == ["b.test"]
    assert platform.store.routes.domain_owner("a.test") == "other"


@pytest.mark.parametrize("bad", ["c.test", "shop.localhost", "http://a.test"])
def test_one_host_that_cannot_be_removed_keeps_them_all(
    run: Run, platform: Platform, bad: str
) -> None:
    run("domains:add", "shop", "a.test")

    with pytest.raises(PaasError):
        run("domains:remove", "shop", "a.test", bad)

    assert platform.store.routes.domains("shop") == ["a.test"]


@pytest.mark.parametrize("name", ["domains", "domains:add", "domains:remove"])
def test_app_that_does_not_exist_is_said(run: Run, name: str) -> None:
    with pytest.raises(NoSuchApp):
        run(name, "nobody", *([] if name == "domains" else ["a.test"]))


@pytest.fixture
def converger(platform: Platform, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Ends the log of whatever is asked to converge, well or badly; yields the jobs it saw."""
    end = getattr(request, "param", DeployLog.succeed)
    seen: list[str] = []
    stopped = threading.Event()

    def answer() -> None:
        queue = platform.queue._queue(RELEASES)
        while not stopped.wait(0.01):
            for job in queue.get_jobs()[len(seen) :]:
                seen.append(str(job.func_name))
                end(DeployLog(platform.store.logs, job.args[-1]), "shop is live")

    thread = threading.Thread(target=answer)
    thread.start()
    yield seen
    stopped.set()
    thread.join()


def test_domains_of_a_live_app_are_routed_and_followed(
    run: Run, platform: Platform, converger: list[str]
) -> None:
    with platform.store.locks.hold("shop", "test") as lock:
        platform.store.routes.flip(lock, Desired(1, {"web": 1}), {}, [])

    assert "shop is live" in run("domains:add", "shop", "a.test")
    assert "already" in run("domains:add", "shop", "a.test")
    assert "shop is live" in run("domains:remove", "shop", "a.test")

    assert converger == [CONVERGE, CONVERGE]


@pytest.mark.parametrize("converger", [DeployLog.fail], indirect=True)
def test_a_domain_is_noted_where_the_routes_cannot_follow_yet(
    run: Run, platform: Platform, converger: list[str]
) -> None:
    with platform.store.locks.hold("shop", "test") as lock:
        platform.store.routes.flip(lock, Desired(1, {"web": 1}), {}, [])
    out = io.StringIO()
    command = next(command for command in COMMANDS if command.name == "domains:add")

    with pytest.raises(DeployFailed):
        command.run(Session(platform, "ada", io.BytesIO(), out), app="shop", hosts=("a.test",))

    assert "the routes follow with the next deploy or restart" in out.getvalue()
    assert platform.store.routes.domains("shop") == ["a.test"]
