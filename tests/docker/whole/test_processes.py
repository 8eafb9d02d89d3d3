"""What becomes of processes that are stopped, scaled, limited, killed and crash, for real."""

import json
from typing import Any

import pytest

from tests.docker.whole.seen import docker
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole

pytestmark = pytest.mark.docker


def ps(whole: Whole, app: Sample) -> list[dict[str, Any]]:
    """What `ps` says of those that are not on their way out."""
    rows = json.loads(whole.ssh("ps", app.app, "--json").stdout)
    return [row for row in rows if row["state"] not in ("retiring", "warm")]


def ids(app: Sample) -> dict[str, str]:
    """Process -> id of its container, in any state."""
    form = '{{.Label "paas.process"}}.{{.Label "paas.index"}} {{.ID}}'
    listed = docker("ps", "-a", "--filter", f"label=paas.app={app.app}", "--format", form)
    return dict(line.split() for line in listed.splitlines())


def run(whole: Whole, *words: str) -> str:
    """A command that has to succeed."""
    done = whole.ssh(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_stopped_app_answers_503_until_it_is_started(whole: Whole, live: Sample) -> None:
    run(whole, "ps:stop", live.app)
    assert whole.get(live.app).status == 503
    wait_for(lambda: ids(live) == {}, "its containers to be gone", 40)
    assert [row["state"] for row in ps(whole, live)] == ["stopped"]
    assert "(stopped)" in run(whole, "apps")
    assert "is stopped until" in run(whole, "config:set", live.app, "GREETING=hello")
    assert ids(live) == {}

    run(whole, "ps:start", live.app)
    assert whole.get(live.app).body == "one hello"


def test_a_scale_starts_and_stops_exactly_the_difference(whole: Whole, live: Sample) -> None:
    first = ids(live)
    run(whole, "ps:scale", live.app, "web=3")
    three = ids(live)
    assert set(three) == {"web.1", "web.2", "web.3"}
    assert three["web.1"] == first["web.1"]

    run(whole, "ps:scale", live.app, "web=2")
    kept = {name: three[name] for name in ("web.1", "web.2")}
    wait_for(lambda: ids(live) == kept, "the third to be gone", 40)

    run(whole, "ps:scale", live.app, "web=0")
    assert whole.get(live.app).status == 503
    wait_for(lambda: ids(live) == {}, "all to be gone", 40)


def test_a_restart_of_one_process_replaces_that_one(whole: Whole, live: Sample) -> None:
    run(whole, "ps:scale", live.app, "web=2")
    before = ids(live)
    run(whole, "ps:restart", live.app, "web.2")
    assert whole.ssh("ps:restart", live.app, "web.9").returncode == 1
    wait_for(lambda: before["web.2"] not in ids(live).values(), "the old one to be gone", 40)
    assert ids(live)["web.1"] == before["web.1"]


@pytest.mark.parametrize("verb", ["kill", "rm"])
def test_a_container_that_is_ended_by_hand_is_back_at_once(
    whole: Whole, live: Sample, verb: str
) -> None:
    before = ids(live)["web.1"]
    docker(*(["kill", before] if verb == "kill" else ["rm", "-f", before]))

    wait_for(lambda: whole.get(live.app).status == 200, "it to be back", 15)
    if verb == "rm":
        assert ids(live)["web.1"] != before


def test_a_process_that_crashes_is_shown_with_its_reason_and_the_others_serve(
    whole: Whole, live: Sample
) -> None:
    worker = "python -c 'import time; time.sleep(3)'"
    live.commit({"Procfile": f"web: python server.py\nworker: {worker}\n"}, version="two")
    run(whole, "ps:scale", live.app, "web=2")
    assert whole.git(live.directory, "push", "paas", "master").returncode == 0
    run(whole, "ps:scale", live.app, "worker=1")  # it lives for longer than it has to

    seen: list[list[dict[str, Any]]] = []

    def rests() -> bool:
        seen.append(ps(whole, live))
        return any(row["state"] == "crashed" and row["restarts"] > 1 for row in seen[-1])

    wait_for(rests, "the worker to be given up for now", 40)
    assert [row["state"] for row in seen[-1]] == ["running", "running", "crashed"]
    assert (seen[-1][-1]["reason"], seen[-1][0]["reason"]) == ("exit status 0", None)
    assert seen[-1][-1]["next_try"]
    assert f"worker.1 of {live.app} crashed: exit status 0" in run(whole, "events", "-n", "50")
    assert whole.get(live.app).body.startswith("two")


GREEDY = "import time\ntime.sleep(3)\nx = []\nwhile True: x.append(bytearray(2**20))\n"


def test_a_limit_is_in_force_at_once_and_a_kill_for_memory_is_said(
    whole: Whole, live: Sample
) -> None:
    types = "web: python server.py\nworker: python greedy.py\n"
    live.commit({"Procfile": types, "greedy.py": GREEDY}, version="two")
    assert whole.git(live.directory, "push", "paas", "master").returncode == 0
    run(whole, "ps:set", live.app, "restart-policy", "no")
    web = ids(live)["web.1"]
    run(whole, "resource:limit", live.app, "--memory", "64m", "--process-type", "worker")
    assert "64 MB" in run(whole, "resource:report", live.app)
    run(whole, "ps:scale", live.app, "worker=1")
    inspected = docker("inspect", "-f", "{{.HostConfig.Memory}}", ids(live)["worker.1"])
    assert int(inspected) == 64 * 1024 * 1024

    wait_for(
        lambda: [row["reason"] for row in ps(whole, live)] == [None, "killed for memory"],
        "the reason",
        40,
    )
    assert ids(live)["web.1"] == web
