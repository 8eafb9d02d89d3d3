"""The HTTP check, against a real server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from releases.domain.check import Check
from releases.engine.protocol import Ended
from releases.rollout.checks.checkup import Checkup
from releases.rollout.checks.once import look_once
from releases.rollout.health import INTERVAL_S
from tests.fakes.checked import World, released, web

pytestmark = pytest.mark.integration


class Page(BaseHTTPRequestHandler):
    """Says what it was asked; `/large` has its word far behind."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        status = int(self.path.partition("status=")[2] or 200)
        body = b"hello\nworld" if "large" not in self.path else b"x" * 70_000 + b"hello"
        self.send_response(status)
        self.send_header("Location", "http://nowhere.invalid/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    asked: list[tuple[str, dict[str, str]]]

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has what it wanted."""


@pytest.fixture
def page() -> Iterator[Server]:
    """A web process of ours."""
    with Server(("127.0.0.1", 0), Page) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_path_that_answers_is_well_at_once_and_is_asked_by_the_apps_name(page: Server) -> None:
    assert World().wait(Check(path="/up"), port=page.server_port) == 0
    [(path, headers)] = page.asked
    assert (path, headers["Host"]) == ("/up", "myapp.localhost")


def test_a_redirect_counts_and_is_not_followed(page: Server) -> None:
    assert World().wait(Check(path="/?status=302"), port=page.server_port) == 0
    assert len(page.asked) == 1


def test_an_error_is_shown_with_status_and_first_line(page: Server) -> None:
    world = World()
    said = world.refusal(
        Check(name="front page", path="/?status=503", attempts=2, timeout=1, wait=1),
        port=page.server_port,
    )
    assert said == (
        "web.1 failed its check 'front page' within 4 s: it answered 503 Service Unavailable "
        "(hello); its last lines are above"
    )
    assert world.now == pytest.approx(4, abs=2 * INTERVAL_S)


def test_content_has_to_be_in_the_answer(page: Server) -> None:
    assert World().wait(Check(path="/", content="world"), port=page.server_port) == 0
    said = World().refusal(Check(path="/", content="moon", attempts=1), port=page.server_port)
    assert "it answered 200 OK (hello), without 'moon' in it" in said


def test_content_beyond_the_first_64_kb_does_not_count(page: Server) -> None:
    said = World().refusal(Check(path="/large", content="hello", attempts=1), port=page.server_port)
    assert "without 'hello'" in said


def test_config_fills_path_content_and_headers_and_no_value_is_shown(page: Server) -> None:
    check = Check(
        path="/up?key=$KEY",
        content="${GREETING}",
        headers=(("X-Key", '{{ var "KEY" }}'), ("Host", "admin.example")),
    )
    World().wait(check, port=page.server_port, KEY="s3cret", GREETING="hello")
    [(path, headers)] = page.asked
    assert (path, headers["X-Key"], headers["Host"]) == (
        "/up?key=s3cret",
        "s3cret",
        "admin.example",
    )
    said = World().refusal(check, port=page.server_port, KEY="s3 cret", GREETING="h0llo")
    assert "characters that HTTP cannot carry" in said
    assert "cret" not in said


def test_a_path_on_a_port_that_nobody_serves_says_so() -> None:
    said = World().refusal(Check(path="/", port=1, attempts=1, timeout=1, wait=1))
    assert said == (
        "web.1 failed its check 'GET /' within 2 s: nobody answers on port 1 "
        "(it listens on no port); its last lines are above"
    )


def test_one_look_at_what_is_live_says_how_each_check_went(page: Server) -> None:
    world = World(ends=[Ended(1, ("no",))])
    checks = (
        Check(path="/", content="hello"),
        Check(command=("x",), warn=True),
        Check(path="/?status=404"),
        Check(uptime=30),
    )
    checkup = Checkup(released(*checks), "myapp.localhost")
    results = look_once(world, checkup, [web(page.server_port)])  # type: ignore[arg-type] # enough
    assert [str(result) for result in results] == [
        "web.1 GET /: ok, it answered 200",
        "web.1 x: warning, exit status 1: no",
        "web.1 GET /?status=404: failed, it answered 404 Not Found (hello)",
        "web.1 uptime: ok, it runs",
    ]
    assert [result.is_failure for result in results] == [False, False, True, False]
