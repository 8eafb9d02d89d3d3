"""With every part of the platform dead, HAProxy goes on; the parts come back and agree."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.load import load_on
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import INSTANCE, OTHER_SUBNET, Whole, wait_until_it_answers, whole_platform

pytestmark = pytest.mark.docker

OURS = ("router_sync", "gitreceive", "converger", "builder", "releases")


@pytest.fixture(scope="module")
def mortal() -> Iterator[Whole]:
    """A platform of its own: this one gets killed."""
    apart = {"PAAS_INSTANCE": f"{INSTANCE}-mortal", "PAAS_SUBNET": OTHER_SUBNET}
    with whole_platform(**apart) as platform:
        yield platform


@pytest.fixture(scope="module")
def serving(mortal: Whole, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """An app that answers."""
    app = Sample.create(tmp_path_factory.mktemp("mortal"), "mortal")
    pushed = mortal.git(app.directory, "push", "paas", "master")
    assert pushed.returncode == 0, pushed.stderr
    return app


def test_all_of_it_may_be_killed_under_load_and_comes_back(mortal: Whole, serving: Sample) -> None:
    with load_on(mortal.settings.http_port, f"{serving.app}.localhost") as load:
        for name in [name for name in mortal.processes if name.startswith(OURS)]:
            mortal.kill(name)
        mortal.redis.send_signal(signal.SIGSTOP)
        before = load.count("/")
        wait_for(lambda: load.count("/") > before + 50, "traffic without us")
        mortal.redis.send_signal(signal.SIGCONT)
        for name in OURS:
            mortal.start(name)
        wait_until_it_answers(mortal)
        done = mortal.ssh("config:set", serving.app, "GREETING=back")
        assert done.returncode == 0, done.stderr

    assert load.failed() == []
    assert mortal.get(serving.app).body == "one back"
    wait_for(lambda: _states(mortal, serving) == ["running", "warm"], "the old one to rest", 40)


def test_a_killed_haproxy_starts_with_the_last_known_routes(mortal: Whole, serving: Sample) -> None:
    body = mortal.get(serving.app).body
    mortal.kill("haproxy")
    mortal.start("haproxy")

    wait_for(lambda: mortal.get(serving.app).body == body, "HAProxy")


@pytest.mark.parametrize("victim", ["worker", "work horse"])
def test_a_release_worker_killed_in_mid_rollout_leaves_a_whole_release(
    mortal: Whole, serving: Sample, victim: str
) -> None:
    serving.commit({}, version=f"after the {victim}")
    pushing = mortal.popen_git(serving.directory, "push", "paas", "master")
    assert pushing.stdout is not None
    assert any("Starting web.1" in line for line in pushing.stdout)
    name, horses = mortal.busy("releases")
    if victim == "worker":
        mortal.kill(name)
    for horse in horses:
        os.kill(horse, signal.SIGKILL)
    if victim == "worker":
        mortal.start("releases", int(name.partition("-")[2] or 0))
    said = pushing.stdout.read()

    assert pushing.wait(120) == 0, said  # the next converge finishes it, and the push with it
    assert mortal.get(serving.app).body.startswith(f"after the {victim}")
    assert mortal.platform.store.apps.get(serving.app).target is None


def _states(mortal: Whole, app: Sample) -> list[str]:
    rows = json.loads(mortal.ssh("ps", app.app, "--json").stdout)
    return sorted(row["state"] for row in rows)
