"""Where containers are reached, and where they are not: addresses, walls, the network."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from releases.domain.container import Slot
from releases.engine.docker import DockerEngine, connect
from releases.engine.protocol import EngineFailed
from releases.settings import Settings
from releases.store import Store
from tests.docker.releases.started import Start, get, healthy, inside
from tests.fakes import examples

pytestmark = pytest.mark.docker


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
