"""What only the real engine can show: labels, signals, deaths and output."""

import socket
import threading
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from releases.commands.logs import Follower
from releases.domain.container import Slot
from releases.engine.docker import DockerEngine, connect
from releases.engine.protocol import EngineFailed
from releases.rollout.health import UnhealthyRelease
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import busybox_image
from tests.docker.releases.started import Start, get, healthy
from tests.fakes import examples
from tests.services import wait_for

pytestmark = pytest.mark.docker


def test_the_process_is_given_config_port_and_what_it_is(
    docker_engine: DockerEngine, start: Start
) -> None:
    awkward = 'it\'s "two"  words\n$HOME `id` grüße=1 '
    web = start(config={"AWKWARD": awkward, "EMPTY": "", "PORT": "8123"})
    healthy(docker_engine, web)
    assert web.port == 8123
    shown = get(web, "/cgi-bin/env")
    assert f"AWKWARD={awkward}\n" in shown
    assert "EMPTY=\n" in shown
    for line in ("PORT=8123", "DYNO=web.1", "PAAS_RELEASE=v1", f"GIT_REV={examples.COMMIT}"):
        assert f"{line}\n" in shown


def test_a_shell_line_runs_in_the_container(api: Any, start: Start) -> None:
    worker = start('A=1; echo "$A $DYNO $(echo sub)" && exec sleep 600', process_type="worker")
    wait_for(lambda: api.logs(worker.id), "the line to be printed")
    assert api.logs(worker.id) == b"1 worker.1 sub\n"


def test_a_process_gets_sigterm_and_time_to_finish(
    api: Any, settings: Settings, docker_engine: DockerEngine, start: Start
) -> None:
    line = "trap 'wget -q -O - http://$HOST:$AT/finished; exit 0' TERM; echo up; sleep 600 & wait"
    with socket.create_server(("", 0)) as server:
        us = str(IPv4Network(settings.subnet)[1])  # this machine, as containers see it
        port = str(server.getsockname()[1])
        worker = start(line, process_type="worker", config={"HOST": us, "AT": port})
        wait_for(lambda: api.logs(worker.id), "the trap to be set")
        retiring = threading.Thread(target=docker_engine.retire, args=(worker, 10.0))
        retiring.start()
        asked, _ = server.accept()
        with asked:
            assert asked.recv(100).startswith(b"GET /finished")
            asked.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        retiring.join(10.0)
    assert docker_engine.containers("myapp") == []


def test_a_process_that_does_not_hear_is_killed_after_the_grace_period(
    api: Any, docker_engine: DockerEngine, start: Start
) -> None:
    worker = start("trap '' TERM; echo up; while :; do sleep 1; done", process_type="worker")
    wait_for(lambda: api.logs(worker.id), "the trap to be set")
    docker_engine.retire(worker, 1.0)
    assert docker_engine.containers("myapp") == []


def test_two_that_retire_the_same_one_are_both_content(
    docker_engine: DockerEngine, start: Start
) -> None:
    worker = start("sleep 600", process_type="worker")
    raised: list[BaseException] = []

    def retire() -> None:
        try:
            docker_engine.retire(worker, 0)
        except EngineFailed as error:
            raised.append(error)

    threads = [threading.Thread(target=retire) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert docker_engine.containers("myapp") == []


def test_what_we_did_not_label_is_never_touched(
    api: Any, settings: Settings, docker_engine: DockerEngine, start: Start, image: str
) -> None:
    name = f"{settings.instance}.myapp.v1.web.9"
    foreign = api.create_container(image, ["sleep", "600"], name=name)["Id"]
    try:
        api.start(foreign)
        web = start()
        assert [one.id for one in docker_engine.containers("myapp")] == [web.id]
        docker_engine.retire(web, 0)
        assert api.inspect_container(foreign)["State"]["Running"]
    finally:
        api.remove_container(foreign, force=True)


def test_a_command_that_is_not_in_the_image_is_a_death_with_a_reason(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    broken = busybox_image(api, settings, "broken", interpreter="/bin/not-there")
    release = examples.release("broken", made=examples.artifact(image=broken))
    started = docker_engine.start(release, [Slot(1, 0, "web", 1)])
    with pytest.raises(UnhealthyRelease, match=r"web\.1 exited") as refused:
        healthy(docker_engine, *started)
    assert "exec /bin/not-there failed" in "".join(refused.value.output)


def test_no_docker_is_one_plain_line(settings: Settings, store: Store) -> None:
    nowhere = replace(settings, docker_host="unix:///nowhere/docker.sock")
    with pytest.raises(EngineFailed, match=r"Docker does not answer at unix:///nowhere") as no:
        connect(nowhere, store)
    assert "\n" not in str(no.value)


def test_one_that_listens_elsewhere_is_told_where(
    docker_engine: DockerEngine, start: Start
) -> None:
    web = start("exec httpd -f -p 127.0.0.1:8000 -h /www")
    with pytest.raises(UnhealthyRelease) as refused:
        healthy(docker_engine, web, timeout_s=1.0)
    assert str(refused.value) == (
        "web.1 did not answer on port 5000 within 1 s (it listens on 127.0.0.1:8000); "
        "it must listen on 0.0.0.0:$PORT"
    )


def test_one_that_crashes_at_boot_is_found_dead_at_once(
    docker_engine: DockerEngine, start: Start
) -> None:
    web = start("echo 'no such module' >&2; exit 7")
    with pytest.raises(UnhealthyRelease, match=r"web\.1 exited") as refused:
        healthy(docker_engine, web)
    assert "no such module" in refused.value.output


def test_one_that_docker_once_restarted_does_not_fail_every_later_rollout(
    docker_engine: DockerEngine, start: Start
) -> None:
    web = start("[ -e /again ] || { : >/again; exit 1; }; exec httpd -f -p $PORT -h /www")
    wait_for(lambda: docker_engine.condition(web).restarts == 1, "Docker to restart it")
    wait_for(lambda: docker_engine.condition(web).running, "it to be up")
    healthy(docker_engine, *docker_engine.containers("myapp"))


def test_output_is_followed_line_by_line_also_the_last_without_an_end(
    docker_engine: DockerEngine, start: Start
) -> None:
    worker = start("echo one; echo two >&2; printf three", process_type="worker")
    wait_for(lambda: docker_engine.condition(worker).has_died_since(0), "the worker to end")
    past = Follower(docker_engine, "myapp", None).past(10)
    assert sorted(line.partition(" ")[2] for line in past) == [
        "app[worker.1]: one",
        "app[worker.1]: three",
        "app[worker.1]: two",
    ]


def test_a_follower_sees_containers_that_start_later(
    docker_engine: DockerEngine, start: Start
) -> None:
    start("echo first; exec sleep 600", process_type="worker")
    lines = Follower(docker_engine, "myapp", None).lines(10)
    seen = [line for line in [next(lines)] if line]
    assert seen[0].endswith("app[worker.1]: first")
    start("echo second; exec sleep 600", process_type="worker", index=2)
    later = next(line for line in lines if line)
    assert later.endswith("app[worker.2]: second")
    lines.close()
