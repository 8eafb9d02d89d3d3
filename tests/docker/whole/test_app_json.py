"""What an app says in app.json and its Procfile, by real pushes."""

import json
import re
from typing import Any

import pytest

from tests.docker.whole.seen import docker
from tests.sample import Sample
from tests.whole import Whole

pytestmark = pytest.mark.docker
WEB = "web: python server.py\n"
QUICK = {"attempts": 1, "timeout": 5, "wait": 1}  # six seconds in all


def push(whole: Whole, sample: Sample, files: dict[str, str], **said: Any) -> str:
    """Commit version two with an app.json that says so and push it; what the pusher sees.

    The push has to be rejected, with everything as it was.
    """
    before = state(whole, sample)
    sample.commit({**files, "app.json": json.dumps(said)}, version="two")
    pushed = whole.git(sample.directory, "push", "paas", "master")
    assert pushed.returncode == 1, pushed.stderr
    assert whole.get(sample.app).body == "one -"
    assert state(whole, sample) == before
    return pushed.stderr


def state(whole: Whole, sample: Sample) -> tuple[object, ...]:
    """The routes, their version, and the serving containers with the time of their start."""
    live = whole.platform.store.apps.get(sample.app).live
    assert live
    listed = docker("ps", "-q", "--no-trunc", *labels(sample, release=live.release)).split()
    started = docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", *listed)
    return whole.platform.store.routes.changes_since(0), live, sorted(started.splitlines())


def labels(sample: Sample, release: int) -> list[str]:
    """Filters for the containers of a release."""
    wanted = [f"label=paas.app={sample.app}", f"label=paas.release={release}"]
    return [word for one in wanted for word in ("--filter", one)]


def test_a_release_command_prints_live_and_ends_before_the_new_code_serves(
    whole: Whole, live: Sample
) -> None:
    line = "echo migrating $DYNO; sleep 2; echo migrated"
    live.commit({"Procfile": f"{WEB}release: {line}\n"}, version="two")
    process = whole.popen_git(live.directory, "push", "paas", "master")
    assert process.stdout is not None

    seen = []
    for printed in process.stdout:
        seen.append(printed)
        if "migrating release.1" in printed:
            break
    assert process.poll() is None
    assert whole.get(live.app).body == "one -"
    rest = process.stdout.read()

    assert process.wait() == 0, "".join(seen) + rest
    assert re.search(r"migrated\s.*Starting web\.1 of v2", rest, re.DOTALL)
    assert whole.get(live.app).body == "two -"
    assert whole.ssh("ps:scale", live.app, "release=1").returncode != 0


def test_a_release_command_that_fails_rejects_the_push_and_changes_nothing(
    whole: Whole, live: Sample
) -> None:
    seen = push(whole, live, {"Procfile": f"{WEB}release: echo no such table; exit 7\n"})

    assert "no such table" in seen
    assert "(release command failed with exit status 7; its output is above" in seen
    named = ["--filter", f"name={live.app}.v2", "-aq"]
    assert docker("ps", *named) == ""


def test_a_page_with_the_wrong_content_rejects_the_push_and_is_shown(
    whole: Whole, live: Sample
) -> None:
    check = {"name": "front page", "path": "/", "content": "three", **QUICK}
    seen = push(whole, live, {}, healthchecks={"web": [check]})

    said = "web.1 failed its check 'front page' within 6 s: it answered 200 OK (two -)"
    assert f"{said}, without 'three' in it" in seen
    assert "web.1 | asked for /" in seen


def test_a_second_web_that_fails_its_check_touches_no_route_and_no_old_container(
    whole: Whole, live: Sample
) -> None:
    assert whole.ssh("ps:scale", live.app, "web=2").returncode == 0
    check = {"command": ["sh", "-c", "test $DYNO = web.1"], **QUICK}
    seen = push(whole, live, {}, healthchecks={"web": [check]})
    assert "web.2 failed its check" in seen


def test_a_worker_that_fails_its_check_rejects_a_web_that_passes(
    whole: Whole, live: Sample
) -> None:
    procfile = f"{WEB}worker: sleep 600\n"
    said = {
        "formation": {"worker": {"quantity": 1}},
        "healthchecks": {
            "web": [{"path": "/", "content": "two"}],
            "worker": [{"name": "has work", "command": ["test", "-e", "/work"], **QUICK}],
        },
    }
    seen = push(whole, live, {"Procfile": procfile}, **said)
    assert "worker.1 failed its check 'has work'" in seen


def test_what_predeploy_changes_serves_and_config_and_scale_come_with_the_code(
    whole: Whole, live: Sample
) -> None:
    said = {
        "scripts": {
            "dokku": {
                "predeploy": "sed -i 's/two/changed/' server.py",
                "postdeploy": "echo now serving $PAAS_RELEASE",
            },
            "postdeploy": "echo only once",
        },
        "env": {"GREETING": "hello", "SECRET_KEY": {"generator": "secret"}},
        "formation": {"web": {"quantity": 2}},
        "healthchecks": {"web": [{"path": "/env/GREETING", "content": "$GREETING"}]},
    }
    live.commit({"app.json": json.dumps(said)}, version="two")

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 0, pushed.stderr
    assert whole.get(live.app).body == "changed hello"
    assert "now serving v2" in pushed.stderr
    assert "only once" not in pushed.stderr  # it was not the app's first deploy
    secret = whole.ssh("config:get", live.app, "SECRET_KEY").stdout.strip()
    assert len(secret) == 64
    assert secret not in pushed.stderr
    image = whole.platform.store.releases.get(live.app, 2).artifact.image
    assert secret not in docker("image", "inspect", image)
    refused = whole.ssh("ps:scale", live.app, "web=1")
    assert "app.json of v2 sets web=2" in refused.stderr
    checked = whole.ssh("checks:run", live.app)
    assert checked.returncode == 0, checked.stderr
    assert "web.2 GET /env/GREETING: ok" in checked.stdout
    for_programs = whole.ssh("checks:run", live.app, "web.2", "--json")
    assert [(one["process"], one["result"]) for one in json.loads(for_programs.stdout)] == [
        ("web.2", "ok")
    ]


def test_a_postdeploy_that_fails_says_that_the_new_code_serves(whole: Whole, live: Sample) -> None:
    said = {"scripts": {"dokku": {"postdeploy": "echo nobody listens; exit 5"}}}
    live.commit({"app.json": json.dumps(said)}, version="two")

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 1
    assert "nobody listens" in pushed.stderr
    assert "v2 serves already, the traffic has moved" in pushed.stderr
    assert whole.get(live.app).body == "two -"
    assert whole.ssh("rollback", live.app).returncode == 0
    assert whole.get(live.app).body == "one -"


def test_a_mistake_in_app_json_rejects_the_push_before_anything_is_built(
    whole: Whole, live: Sample
) -> None:
    seen = push(whole, live, {}, healthchecks={"web": [{"attempts": "many"}]})
    assert "app.json: healthchecks.web[0]: key attempts: expected a whole number" in seen
    assert "COPY" not in seen
