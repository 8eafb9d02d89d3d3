"""What only the real engine can show: addresses, walls, labels, signals and images."""

import os
import socket
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest

from releases.commands.logs import Follower
from releases.domain.container import Container, Slot
from releases.engine.docker import DockerEngine, connect
from releases.engine.protocol import EngineFailed
from releases.rollout.health import Patience, UnhealthyRelease, wait_until_healthy
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import busybox_image, named_image, plain_image
from tests.fakes import examples
from tests.services import wait_for

pytestmark = pytest.mark.docker
Start = Callable[..., Container]
OWN_APP = f"images-{os.getpid()}"  # names of images are seen by every run on the same Docker


@pytest.fixture
def start(docker_engine: DockerEngine, image: str) -> Start:
    """Start one container: of the image's own web, or of a shell line."""

    def start_one(
        line: str | None = None,
        *,
        process_type: str = "web",
        index: int = 1,
        app: str = "myapp",
        config: dict[str, str] | None = None,
    ) -> Container:
        made = examples.artifact(image=image, processes={process_type: line})
        release = examples.release(app, made=made, config=config)
        [started] = docker_engine.start(release, [Slot(1, 0, process_type, index)])
        return started

    return start_one


def healthy(engine: DockerEngine, *containers: Container, timeout_s: float = 20.0) -> None:
    """Wait for them as a rollout does."""
    wait_until_healthy(engine, containers, Patience(timeout_s, 0.0))


def get(container: Container, path: str = "/") -> str:
    """What it answers."""
    with urllib.request.urlopen(container.backend + path, timeout=10) as answer:  # noqa: S310 - http
        return str(answer.read().decode())


def inside(api: Any, container: Container, *command: str) -> tuple[int, str]:
    """Exit status and output of a command in the container."""
    run = api.exec_create(container.id, list(command))
    output = api.exec_start(run["Id"]).decode()
    return api.exec_inspect(run["Id"])["ExitCode"], output


def test_the_host_reaches_a_container_by_its_address(
    docker_engine: DockerEngine, start: Start
) -> None:
    web = start()
    healthy(docker_engine, web)
    assert get(web) == "hello"


def test_containers_do_not_reach_each_other(
    api: Any, docker_engine: DockerEngine, start: Start
) -> None:
    web, other = start(), start(app="other")
    healthy(docker_engine, web, other)
    status, _ = inside(api, other, "nc", "-w", "1", web.address, str(web.port), "-e", "true")
    assert status != 0
    own, _ = inside(api, web, "wget", "-q", "-O", "-", f"http://{web.address}:{web.port}/")
    assert own == 0


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


def test_an_address_is_kept_when_docker_starts_it_again(
    api: Any, settings: Settings, docker_engine: DockerEngine, start: Start
) -> None:
    web, neighbour = start(), start(index=2)
    api.stop(web.id, timeout=0)
    third = start(index=3)
    docker_engine.start_again([web])
    healthy(docker_engine, web, neighbour, third)
    networks = api.inspect_container(web.id)["NetworkSettings"]["Networks"]
    assert networks[settings.network]["IPAddress"] == web.address
    assert len({web.address, neighbour.address, third.address}) == 3


def test_an_address_that_is_taken_is_passed_over(store: Store, start: Start) -> None:
    first = start()
    store._redis.delete("paas:addresses")  # as if the counter had come round
    second = start(index=2)
    assert first.address != second.address


def test_the_first_containers_at_once_make_one_network(
    api: Any, settings: Settings, store: Store, image: str
) -> None:
    apart = replace(
        settings,
        instance=f"{settings.instance}-race",
        subnet=settings.subnet.replace("10.215", "10.217"),
    )
    release = examples.release(made=examples.artifact(image=image))
    try:
        slots = [[Slot(1, 0, "web", index)] for index in range(1, 5)]
        workers = [connect(apart, store) for _ in slots]  # as many as release workers may be
        with ThreadPoolExecutor(len(workers)) as pool:
            started = pool.map(lambda worker, own: worker.start(release, own), workers, slots)
            assert len(list(started)) == 4
        assert len(api.networks(names=[f"^{apart.network}$"])) == 1
    finally:
        for one in connect(apart, store).containers("myapp"):
            api.remove_container(one.id, force=True)
        for network in api.networks(names=[f"^{apart.network}$"]):
            api.remove_network(network["Id"])


def test_a_subnet_that_somebody_else_has_is_one_plain_line(
    settings: Settings, store: Store, start: Start, image: str
) -> None:
    start()  # so that the subnet is taken
    apart = replace(settings, instance=f"{settings.instance}-clash")
    release = examples.release(made=examples.artifact(image=image))
    with pytest.raises(EngineFailed, match=r"cannot make the network .* the setting subnet") as no:
        connect(apart, store).start(release, [Slot(1, 0, "web", 1)])
    assert "\n" not in str(no.value)
    assert connect(apart, store).containers("myapp") == []


def test_another_platform_on_the_same_docker_is_not_seen(
    settings: Settings, store: Store, docker_engine: DockerEngine, start: Start
) -> None:
    start()
    other = connect(replace(settings, instance=f"{settings.instance}-other"), store)
    assert other.containers("myapp") == []
    other.remove_images("myapp")
    assert docker_engine.containers("myapp")


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


def test_an_image_without_our_labels_stays_whatever_its_name(
    api: Any, docker_engine: DockerEngine
) -> None:
    name = f"paas/{OWN_APP}:{examples.COMMIT}"
    plain_image(api, name)
    try:
        docker_engine.remove_images(OWN_APP)
        assert docker_engine.app_images(OWN_APP) == []
        assert docker_engine.image_exists(name)
    finally:
        api.remove_image(name)


def test_an_image_of_another_platform_stays(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    other = replace(settings, instance=f"{settings.instance}-other")
    image = named_image(api, other, OWN_APP, f"paas/{OWN_APP}:{examples.COMMIT}")
    try:
        docker_engine.remove_images(OWN_APP)
        assert docker_engine.image_exists(image)
    finally:
        api.remove_image(image)


def test_a_name_that_a_build_gave_to_another_image_meanwhile_stays(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    name = f"paas/{OWN_APP}:{examples.COMMIT}"
    old = named_image(api, settings, OWN_APP, name)
    [listed] = docker_engine.app_images(OWN_APP)
    new = named_image(api, settings, OWN_APP, name)
    assert docker_engine.remove_image(listed) is True
    assert not docker_engine.image_exists(old)
    assert api.inspect_image(name)["Id"] == new


def test_an_image_that_was_named_meanwhile_stays(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    image = named_image(api, settings, OWN_APP)
    [listed] = docker_engine.app_images(OWN_APP)
    api.tag(image, f"alice/{OWN_APP}", "1")
    assert docker_engine.remove_image(listed) is False
    assert docker_engine.image_exists(f"alice/{OWN_APP}:1")


def test_a_missing_image_is_one_plain_line(docker_engine: DockerEngine) -> None:
    made = examples.artifact(image="sha256:" + "0" * 64)
    with pytest.raises(EngineFailed, match="the image of v1 is gone; `ps:rebuild myapp`"):
        docker_engine.start(examples.release(made=made), [Slot(1, 0, "web", 1)])
    assert docker_engine.containers("myapp") == []


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
