"""An app that runs beside builds which go wrong, and whether it ever failed to answer."""

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from releases.settings import Settings
from tests.docker.images import busybox_image
from tests.engines import OwnEngine
from tests.services import wait_for

_PORT = 5000
_PATIENCE_S = 5.0
_EVERY_S = 0.02


class OtherApp:
    """Somebody asks it for its page, again and again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asked = 0
        self._missed: list[str] = []
        self._is_left = threading.Event()

    def missed(self) -> list[str]:
        """What was not answered so far; one more answer is waited for."""
        before = self._asked
        wait_for(lambda: self._asked > before + 1, "one more answer")
        return self._missed

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask it meanwhile."""
        thread = threading.Thread(target=self._ask, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._is_left.set()
            thread.join()

    def answers(self) -> bool:
        """Whether it does, now."""
        try:
            with urllib.request.urlopen(self._url, timeout=_PATIENCE_S) as response:  # noqa: S310 - our own container
                return bool(response.read() == b"another app")
        except OSError:
            return False

    def _ask(self) -> None:
        while not self._is_left.wait(_EVERY_S):
            if not self.answers():
                self._missed.append(f"request {self._asked}")
            self._asked += 1


@contextmanager
def other_app(engine: OwnEngine, settings: Settings) -> Iterator[str]:
    """Run it; yields its URL. It has the network of the engine, which this machine reaches."""
    api = engine.api()
    image = busybox_image(api, settings, "other", body="another app")
    network = api.create_host_config(network_mode="host")
    container = api.create_container(image, environment={"PORT": str(_PORT)}, host_config=network)
    api.start(container)
    url = f"http://{engine.address}:{_PORT}/"
    try:
        wait_for(OtherApp(url).answers, "the other app")
        yield url
    finally:
        engine.api().remove_container(container, force=True)
