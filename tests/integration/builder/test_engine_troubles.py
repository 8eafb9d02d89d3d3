"""What is said when the Docker Engine goes away between two requests."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from builder.buildkit.session import Offer
from builder.docker.engine import Engine, EngineUnreachable, ImageBuild

pytestmark = pytest.mark.integration

BUILD = ImageBuild("b", "t", "D", {})


class GoesAway(BaseHTTPRequestHandler):
    """Says which version it is, and hangs up on whatever comes after."""

    def do_GET(self) -> None:
        if self.path.endswith("/_ping"):
            self.send_response(200)
            self.send_header("Api-Version", "1.41")
            self.send_header("Content-Length", "0")
            self.end_headers()
        self.close_connection = True

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine that was there a moment ago."""
    with ThreadingHTTPServer(("127.0.0.1", 0), GoesAway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Engine(f"tcp://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.image("paas/shop:1"),
        lambda engine: engine.tag("one", "paas/shop:1"),
        lambda engine: engine.remove("paas/shop:1"),
        lambda engine: list(engine.pull("debian:bookworm-slim")),
        lambda engine: list(engine.build_classic(BUILD, [b""])),
        lambda engine: list(engine.build(BUILD, Offer({}, "key"))),
    ],
)
def test_it_is_one_plain_line(engine: Engine, ask: Callable[[Engine], object]) -> None:
    with pytest.raises(EngineUnreachable, match="Docker does not answer; is dockerd running"):
        ask(engine)


class Renewed(GoesAway):
    """Hangs up after each answer, and is a newer engine each time that it is asked."""

    version = 40
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path.partition("?")[0])
        Renewed.version += 1
        self.send_response(200)
        self.send_header("Api-Version", f"1.{self.version}")
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    do_POST = do_GET


def test_an_engine_that_was_renewed_is_spoken_to_in_its_own_version() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Renewed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        engine = Engine(f"tcp://127.0.0.1:{server.server_port}")
        engine.greet()
        engine.tag("one", "paas/shop:1")
        server.shutdown()
    assert Renewed.asked == ["/_ping", "/_ping", "/v1.42/images/one/tag"]
