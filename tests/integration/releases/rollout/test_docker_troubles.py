"""What is said when Docker answers with an error, hangs up, or does not answer at all."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from releases.domain.container import Container, Slot
from releases.domain.image import AppImage
from releases.engine.docker import DockerEngine
from releases.engine.protocol import EngineFailed
from releases.settings import Settings
from releases.store import Store

pytestmark = pytest.mark.integration
ONE = Container("c1", "shop", Slot(1, 0, "web", 1), "10.214.0.16", 5000, "running")


class Troubled(BaseHTTPRequestHandler):
    """Says which version it is, and fails at everything else."""

    def do_GET(self) -> None:
        if "silent" in self.path:
            threading.Event().wait(3.0)
        version = self.path.endswith("/version")
        answer = {"ApiVersion": "1.41"} if version else {"message": "no space left\non device"}
        body = json.dumps(answer).encode()
        self.send_response(200 if version else 500)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def troubled(settings: Settings, store: Store) -> Iterator[DockerEngine]:
    """An engine that refuses everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Troubled) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"tcp://127.0.0.1:{server.server_port}"
        yield DockerEngine(replace(settings, docker_host=host), store, timeout_s=1)
        server.shutdown()


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.containers("shop"),
        lambda engine: engine.condition(ONE),
        lambda engine: engine.tail(ONE, 10),
        lambda engine: engine.condemn(ONE),
        lambda engine: engine.retire(ONE, 0),
        lambda engine: engine.image_exists("sha256:a"),
        lambda engine: engine.app_images(),
        lambda engine: engine.remove_image(AppImage("sha256:a", "shop")),
        lambda engine: engine.start_again([ONE]),
    ],
)
def test_a_refusal_is_one_plain_line(
    troubled: DockerEngine, ask: Callable[[DockerEngine], object]
) -> None:
    with pytest.raises(EngineFailed, match="no space left") as refused:
        ask(troubled)
    assert "\n" not in str(refused.value)


def test_an_engine_that_does_not_answer_in_time_is_one_plain_line(troubled: DockerEngine) -> None:
    with pytest.raises(EngineFailed, match="Docker does not answer; is dockerd running"):
        troubled.image_exists("silent")
