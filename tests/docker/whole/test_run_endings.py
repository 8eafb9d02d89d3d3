"""How one-offs end, and what is left: hang-ups, kill -9, slow readers, detached ones."""

import json
import os
import subprocess

import pytest

from tests.docker.whole.one_offs import bytes_read, one_offs, peak_mb, sleepers, ssh, stands
from tests.docker.whole.seen import processes
from tests.docker.whole.terminal import on_terminal
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("nothing_is_left")]


def test_hanging_up_ends_what_was_entered(whole: Whole, app: Sample) -> None:
    words = ssh(whole, "-t", "paas", "enter", app.app, "sh", "-c", "'echo up; sleep 4321'")
    with on_terminal(words) as terminal:
        terminal.expect("up")
        assert sleepers(app, 4321)
        terminal.close_window()
    wait_for(lambda: not sleepers(app, 4321), "the program to end", 30)


def test_hanging_up_removes_it(whole: Whole, app: Sample) -> None:
    with on_terminal(ssh(whole, "-t", "paas", "run", app.app, "sh")) as terminal:
        terminal.type("echo up-$((1+1))\n")
        terminal.expect("up-2")
        assert len(one_offs(app)) == 1
        terminal.close_window()
    wait_for(lambda: one_offs(app) == [], "the container to be removed")


def test_hanging_up_removes_one_that_is_silent_and_deaf(whole: Whole, app: Sample) -> None:
    line = f"run {app.app} sh -c 'trap : HUP TERM; echo up; while :; do sleep 1; done'"
    with subprocess.Popen(
        ssh(whole, "paas", line), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"up\n"
        client.kill()
    wait_for(lambda: one_offs(app) == [], "the container to be removed", 30)


def test_a_detached_one_outlives_its_client_and_its_output_is_in_the_logs(
    whole: Whole, app: Sample
) -> None:
    started = whole.ssh(f"run:detached {app.app} 'sleep 1; echo done by $DYNO; exit 6'")
    name = started.stdout.strip()
    assert name.startswith("run.")
    wait_for(
        lambda: f"app[{name}]: done by {name}" in whole.ssh("logs", app.app, "-p", name).stdout,
        "its output",
    )
    ended = f"{name} of {app.app} ended with exit status 6"
    wait_for(lambda: ended in whole.ssh("events").stdout, "its end in the events", 45)
    assert whole.ssh("run:stop", app.app, name).returncode == 0


def test_the_front_door_dies_and_the_container_goes(whole: Whole, app: Sample) -> None:
    words = ssh(whole, "paas", "run", app.app, "sh", "-c", "'echo up; exec sleep 600'")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"up\n"
        whole.kill("gitreceive")
        whole.start("gitreceive")
        assert client.wait(30) == 255
    assert len(one_offs(app)) == 1
    wait_for(lambda: one_offs(app) == [], "the upkeep to remove it", 100)


def test_much_output_to_a_slow_reader_takes_no_memory(whole: Whole, app: Sample) -> None:
    words = ssh(whole, "paas", "run", app.app, "head", "-c", "100000000", "/dev/zero")
    process = whole.processes["gitreceive"].pid
    before = peak_mb(process)
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        received = len(client.stdout.read(1 << 20))
        wait_for(stands(lambda: bytes_read(process)), "the front door to read no further")
        assert bytes_read(process) < 50_000_000
        received += len(client.stdout.read())
    assert (client.returncode, received) == (0, 100_000_000)
    assert peak_mb(process) - before < 30


def test_an_app_that_is_destroyed_takes_its_one_offs_along(whole: Whole, app: Sample) -> None:
    other = Sample.create(app.directory.parent, f"gone-run-{os.getpid()}")
    assert whole.git(other.directory, "push", "paas", "master").returncode == 0
    assert whole.ssh("run:detached", other.app, "sleep", "600").returncode == 0
    assert len(one_offs(other)) == 1
    done = whole.ssh("apps:destroy", other.app, "--confirm", other.app)
    assert (done.returncode, one_offs(other)) == (0, [])


def test_ps_and_run_list_show_it_and_rollouts_leave_it_alone(whole: Whole, app: Sample) -> None:
    name = whole.ssh("run:detached", app.app, "sleep", "600").stdout.strip()
    wait_for(lambda: processes(whole, app) == ["web.1", name], "old containers to retire", 40)
    assert json.loads(whole.ssh("ps", app.app, "--json").stdout)[-1]["state"] == "running"
    [row] = json.loads(whole.ssh("run:list", app.app, "--json").stdout)
    assert (row["name"], row["kind"], row["state"], row["by"]) == (
        name, "detached", "running", "ada",
    )  # fmt: skip
    before = one_offs(app)
    assert whole.ssh("ps:restart", app.app).returncode == 0
    assert one_offs(app) == before
    assert whole.ssh("run:stop", app.app, name).stdout == f"-----> Stopped {name}\n"
    assert one_offs(app) == []
    again = whole.ssh("run:stop", app.app, name)
    assert (again.returncode, f"has no {name}" in again.stderr) == (1, True)
