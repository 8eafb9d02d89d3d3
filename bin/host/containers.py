"""Which containers are ours on an engine, and how all of them are stopped at once."""

from concurrent.futures import ThreadPoolExecutor

import docker
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from releases.domain.container import INSTANCE
from releases.errors import PaasError

_TOGETHER = 16


class ContainersLeft(PaasError):
    """Some of our containers could not be stopped."""


class Containers:
    """The containers of one platform, told by their label; no other is ever touched."""

    def __init__(self, address: str, instance: str) -> None:
        self._address = address
        self._label = f"{INSTANCE}={instance}"

    def stop(self, grace_s: float) -> int:
        """Stop all that run, each with SIGTERM and the grace time; return how many there were."""
        client = docker.DockerClient(base_url=self._address, version="auto", timeout=30)
        try:
            running = client.containers.list(filters={"label": self._label})
            with ThreadPoolExecutor(_TOGETHER) as pool:
                failures = list(pool.map(lambda found: _stop(found, grace_s), running))
        except DockerException as error:
            raise ContainersLeft(f"Docker does not stop our containers: {error}") from error
        finally:
            client.close()
        left = [failure for failure in failures if failure]
        if left:
            raise ContainersLeft(f"{len(left)} containers still run: {left[0]}")
        return len(running)

    def others(self) -> int:
        """How many containers run that are not ours."""
        client = docker.DockerClient(base_url=self._address, version="auto", timeout=30)
        try:
            everyone = client.containers.list()
            ours = client.containers.list(filters={"label": self._label})
        except DockerException as error:
            raise ContainersLeft(f"Docker does not list containers: {error}") from error
        finally:
            client.close()
        return len(everyone) - len(ours)


def _stop(container: Container, grace_s: float) -> str:
    try:
        if container.status == "paused":
            container.unpause()  # a frozen process cannot hear a signal
        container.stop(timeout=max(1, round(grace_s)))
    except NotFound:
        return ""  # its restart or removal was under way
    except DockerException as error:
        return f"{container.name}: {error}"
    return ""
