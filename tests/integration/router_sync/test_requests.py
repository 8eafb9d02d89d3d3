"""What a request meets: the right app, honest errors, headers, sockets and streams."""

import socket

import pytest

from tests.integration.router_sync.backends import Backends, nobody
from tests.integration.router_sync.stage import Stage
from tests.services import wait_for

pytestmark = pytest.mark.integration


def test_host_is_matched_without_case_port_and_last_dot(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))

    for host in ("SHOP.Localhost", "shop.localhost:8080", "shop.localhost.", "Shop.localhost:1"):
        assert stage.get(host).body == "v1"


def test_unknown_host_is_a_404_page_of_ours(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))

    answer = stage.get("nobody.localhost")

    assert answer.status == 404
    assert "No app has this host name" in answer.body


def test_app_without_backends_is_503_and_no_other_app(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))
    stage.flip("empty")

    answer = stage.get("empty.localhost")

    assert answer.status == 503
    assert "not running" in answer.body
    assert answer.headers["retry-after"] == "5"


def test_app_scaled_to_nothing_and_back_answers_again(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))
    stage.flip("shop")
    assert stage.get("shop.localhost").status == 503

    stage.flip("shop", backends.start("v2"))

    assert stage.get("shop.localhost").body == "v2"


def test_removed_host_is_404_and_the_others_stay(stage: Stage, backends: Backends) -> None:
    backend = backends.start("v1")
    stage.flip("shop", backend, hosts=("shop.localhost", "www.shop.test"))
    assert stage.get("www.shop.test").body == "v1"

    stage.flip("shop", backend, hosts=("shop.localhost",))

    assert stage.get("www.shop.test").status == 404
    assert stage.get("shop.localhost").body == "v1"


def test_unrouted_app_is_404(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))

    stage.wait_acknowledged(stage.routes.unroute("shop"))

    assert stage.get("shop.localhost").status == 404


def test_host_moves_from_one_app_to_another(stage: Stage, backends: Backends) -> None:
    stage.flip("one", backends.start("one"), hosts=("one.localhost", "www.shop.test"))
    stage.flip("two", backends.start("two"))
    stage.flip("one", backends.start("one again"))

    stage.flip("two", backends.start("two again"), hosts=("two.localhost", "www.shop.test"))

    assert stage.get("www.shop.test").body == "two again"
    assert stage.get("one.localhost").body == "one again"


def test_wildcard_takes_what_no_exact_host_takes(stage: Stage, backends: Backends) -> None:
    stage.flip("all", backends.start("all"), hosts=("*.shop.test",))
    stage.flip("www", backends.start("www"), hosts=("www.shop.test",))

    assert stage.get("anything.shop.test").body == "all"
    assert stage.get("WWW.shop.test:80").body == "www"
    assert stage.get("shop.test").status == 404
    assert stage.get("a.b.shop.test").status == 404


def test_refused_connection_is_a_503_page(stage: Stage) -> None:
    stage.flip("shop", nobody())

    assert stage.get("shop.localhost").status == 503


def test_dead_container_beside_a_live_one_loses_nothing(stage: Stage, backends: Backends) -> None:
    dying = backends.start("dying")
    stage.flip("shop", dying, backends.start("living"))
    dying.stop()

    answers = [stage.get("shop.localhost") for _ in range(20)]

    assert {answer.body for answer in answers} == {"living"}


def test_post_that_was_broken_off_is_502_and_not_sent_twice(
    stage: Stage, backends: Backends
) -> None:
    stage.flip("shop", backends.start("v1"))

    answer = stage.get("shop.localhost", "/rude", "POST")

    assert answer.status == 502
    assert "broke off" in answer.body


def test_forwarded_headers_are_ours_and_not_the_clients(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))

    seen = stage.get(
        "shop.localhost",
        "/headers",
        X_Forwarded_For="6.6.6.6",
        X_Forwarded_Proto="https",
        X_Forwarded_Port="443",
        X_Forwarded_Host="evil.test",
        X_Request_ID="mine",
    ).body.lower()

    assert "x-forwarded-for: 127.0.0.1\n" in seen
    assert "x-forwarded-proto: http\n" in seen
    assert f"x-forwarded-port: {stage.port}\n" in seen
    assert "evil" not in seen
    assert "mine" not in seen
    assert "x-request-start: t=" in seen


def test_access_log_names_the_app_in_json(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))

    stage.get("shop.localhost", '/a"b')

    wait_for(lambda: '"app":"shop"' in stage.log("haproxy"), "the line")
    assert '"path":"\\/a\\"b"' in stage.log("haproxy")


def test_websocket_and_stream_outlive_a_flip(stage: Stage, backends: Backends) -> None:
    old = backends.start("old")
    stage.flip("shop", old)
    websocket = open_websocket(stage)
    streaming = stage.connect()
    streaming.request("GET", "/stream", headers={"Host": "shop.localhost"})
    stream = streaming.getresponse()
    assert stream.readline() == b"old 0\n"

    stage.flip("shop", backends.start("new"))

    assert stage.get("shop.localhost").body == "new"
    assert say(websocket, "still there") == "old still there"
    old.let_go.set()
    assert stream.read() == b"old 1\n"


def open_websocket(stage: Stage) -> socket.socket:
    """Upgraded."""
    connection = socket.create_connection(("127.0.0.1", stage.port), timeout=10)
    connection.sendall(
        b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(1)
    assert answer.startswith(b"HTTP/1.1 101")
    return connection


def say(connection: socket.socket, text: str) -> str:
    """One line there, one back."""
    connection.sendall(f"{text}\n".encode())
    return connection.makefile().readline().strip()
