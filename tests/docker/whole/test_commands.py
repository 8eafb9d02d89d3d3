"""What an administrator does over the real ssh client."""

import json
import subprocess

import pytest

from gitreceive.__main__ import TABLES
from tests.docker.whole.seen import docker, processes
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole

pytestmark = pytest.mark.docker

AWKWARD = "two words, 'single' \"double\" $HOME `id` = ünï ✓\nsecond line"


def test_config_set_takes_several_pairs_and_makes_one_release(whole: Whole, live: Sample) -> None:
    done = whole.ssh("config:set", live.app, "GREETING=hello", "OTHER=1")

    assert done.returncode == 0, done.stderr
    assert whole.get(live.app).body == "one hello"
    releases = json.loads(whole.ssh("releases", live.app, "--json").stdout)
    assert releases[0]["why"] == "Set GREETING, OTHER"
    assert len(releases) == 2


def test_an_awkward_value_is_kept_exactly(whole: Whole, live: Sample) -> None:
    quoted = AWKWARD.replace("'", "'\"'\"'")

    done = whole.ssh(f"config:set {live.app} 'GREETING={quoted}'")

    assert done.returncode == 0, done.stderr
    assert whole.get(live.app, "/env/GREETING").body == AWKWARD
    assert whole.ssh("config:get", live.app, "GREETING").stdout == AWKWARD + "\n"


def test_config_set_without_a_pair_changes_nothing(whole: Whole, live: Sample) -> None:
    done = whole.ssh("config:set", live.app)

    assert done.returncode == 2
    assert "KEY=value" in done.stderr
    assert len(json.loads(whole.ssh("releases", live.app, "--json").stdout)) == 1


def test_a_rollback_brings_back_code_and_config(whole: Whole, live: Sample) -> None:
    whole.ssh("config:set", live.app, "GREETING=first")
    live.commit({}, version="two")
    whole.git(live.directory, "push", "paas", "master")
    whole.ssh("config:set", live.app, "GREETING=second")
    assert whole.get(live.app).body == "two second"

    done = whole.ssh("rollback", live.app, "v2")

    assert done.returncode == 0, done.stderr
    assert "v5 is live" in done.stdout
    assert whole.get(live.app).body == "one first"
    assert whole.ssh("config:get", live.app, "GREETING").stdout == "first\n"
    assert "Rollback to v2" in whole.ssh("releases", live.app).stdout


def test_scale_to_three_and_back(whole: Whole, live: Sample) -> None:
    assert whole.ssh("ps:scale", live.app, "web=3").returncode == 0
    assert processes(whole, live) == ["web.1", "web.2", "web.3"]
    seen = {whole.get(live.app, "/env/DYNO").body for _ in range(30)}
    assert seen == {"web.1", "web.2", "web.3"}

    assert whole.ssh("ps:scale", live.app, "web=1").returncode == 0
    wait_for(lambda: processes(whole, live) == ["web.1"], "two containers to stop", 40)


def test_a_restart_gives_new_containers_of_the_same_release(whole: Whole, live: Sample) -> None:
    before = ids(whole, live)

    assert whole.ssh("ps:restart", live.app).returncode == 0

    assert whole.get(live.app).body == "one -"
    wait_for(lambda: not (ids(whole, live) & before), "the old container to stop", 40)
    assert len(json.loads(whole.ssh("releases", live.app, "--json").stdout)) == 1


def test_logs_show_what_the_app_prints_with_the_processs_name(whole: Whole, live: Sample) -> None:
    whole.get(live.app, "/a-path-to-be-found")

    wait_for(
        lambda: "app[web.1]: asked for /a-path-to-be-found" in whole.ssh("logs", live.app).stdout,
        "the line in the logs",
    )


def test_followed_logs_survive_a_deploy(whole: Whole, live: Sample) -> None:
    command = ["ssh", "-F", str(whole.settings.home / "ssh_config"), "paas", "logs", live.app, "-t"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        whole.get(live.app, "/before")
        assert any("/before" in line for line in following.stdout)
        live.commit({}, version="two")
        whole.git(live.directory, "push", "paas", "master")
        whole.get(live.app, "/after")
        assert any("/after" in line for line in following.stdout)
        following.kill()


def test_an_own_domain_routes_to_the_app_and_no_longer_when_removed(
    whole: Whole, live: Sample
) -> None:
    assert whole.ssh("domains:add", live.app, "www.example.com").returncode == 0
    assert whole.get("www.example.com").body == "one -"

    assert whole.ssh("domains:remove", live.app, "www.example.com").returncode == 0
    assert whole.get("www.example.com").status == 404


def test_builds_and_their_output_can_be_read_afterwards(whole: Whole, live: Sample) -> None:
    assert "succeeded" in whole.ssh("builds", live.app).stdout
    assert "-----> " in whole.ssh("builds:output", live.app).stdout


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("no-such-command",), None),
        (("apps:create", "Bad_Name"), 2),
        (("apps:info", "no-such-app"), 20),
        (("rollback", "no-such-app"), 20),
        (("ps:scale", "no-such-app", "web=1"), 20),
        (("config:set", "no-such-app", "A=1"), 20),
    ],
)
def test_bad_input_gets_one_line_and_a_status(
    whole: Whole, words: tuple[str, ...], status: int | None
) -> None:
    done = whole.ssh(*words)

    assert done.returncode == status or (status is None and done.returncode != 0)
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_help_lists_every_command(whole: Whole) -> None:
    shown = whole.ssh("help").stdout

    listed = [line.split()[0] for line in shown.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted(["help", *(row.name for table in TABLES for row in table)])


def test_the_history_tells_what_came_with_each_release(whole: Whole, live: Sample) -> None:
    first = live.head()
    live.commit({"notes": "1"}, version="two")
    second = live.commit({"notes": "2"}, version="three")
    assert whole.git(live.directory, "push", "paas", "master").returncode == 0
    assert whole.ssh("config:set", live.app, "GREETING=s3cret").returncode == 0

    listed = json.loads(whole.ssh("releases", live.app, "--json").stdout)
    assert [one["why"] for one in listed] == [
        "Set GREETING",
        f"Deploy {second[:7]}: Version three (2 commits)",
        f"Deploy {first[:7]}: Version one",
    ]
    assert [(one["live"], one["image_gone"]) for one in listed] == [
        (True, False), (False, False), (False, False),
    ]  # fmt: skip
    shown = whole.ssh("releases:diff", live.app, "v1", "v3").stdout
    assert f"commit: {first[:7]} -> {second[:7]}" in shown
    assert "2 commits:" in shown
    assert "+ GREETING=****" in shown
    assert "s3cret" not in shown


def test_a_destroyed_app_leaves_nothing_behind(whole: Whole, live: Sample) -> None:
    whole.ssh("domains:add", live.app, "gone.example.com")

    done = whole.ssh("apps:destroy", live.app, "--confirm", live.app)

    assert done.returncode == 0, done.stderr
    assert whole.get(live.app).status == 404
    assert whole.get("gone.example.com").status == 404
    assert docker("ps", "-aq", "--filter", f"label=paas.app={live.app}") == ""
    assert docker("images", "-q", f"paas/{live.app}") == ""
    assert not (whole.settings.repositories / f"{live.app}.git").exists()
    assert not (whole.settings.sources / live.app).exists()
    left = [key for key in redis_keys(whole) if live.app in key and not key.startswith("rq:")]
    assert left == []


def test_an_app_is_not_destroyed_without_its_name_typed_twice(whole: Whole, live: Sample) -> None:
    done = whole.ssh("apps:destroy", live.app)

    assert done.returncode == 2
    assert f"--confirm {live.app}" in done.stderr
    assert whole.get(live.app).status == 200


def ids(whole: Whole, live: Sample) -> set[str]:
    """Ids of the app's containers."""
    return set(docker("ps", "-q", "--filter", f"label=paas.app={live.app}").split())


def redis_keys(whole: Whole) -> list[str]:
    """Every key there is."""
    url = whole.settings.redis.removeprefix("unix://")
    done = subprocess.run(
        ["redis-cli", "-s", url, "keys", "*"], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()
