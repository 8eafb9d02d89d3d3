"""What stops `bin/up` before it has changed anything, and what it then says."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread

import pytest

from host import process_list
from host.engine import Engine, NoDocker
from host.ports import PortUnavailable
from host.up import BadHome, InstanceTaken, check
from releases.settings import Settings


class Ping(BaseHTTPRequestHandler):
    """The least that counts as a Docker Engine."""

    def do_GET(self) -> None:
        """`/_ping`."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    with UnixStreamServer(str(home / "docker.sock"), Ping) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Engine.of(home / "h", f"unix://{home}/docker.sock")
        server.shutdown()


@pytest.fixture
def fresh(home: Path) -> Settings:
    """Settings of a platform that could start: free ports, a home that is not there yet."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        ports = [server.getsockname()[1] for server in (one, two)]
    return Settings(home=home / "h", instance="paas-up", ssh_port=ports[0], http_port=ports[1])


def test_what_can_start_is_let_start_and_nothing_was_changed(
    fresh: Settings, engine: Engine
) -> None:
    check(fresh, engine)
    assert not fresh.home.exists()


def test_port_in_use_names_the_setting(fresh: Settings, engine: Engine) -> None:
    with (
        socket.create_server(("127.0.0.1", fresh.http_port)),
        pytest.raises(PortUnavailable, match="PAAS_HTTP_PORT="),
    ):
        check(fresh, engine)


def test_port_of_a_haproxy_that_is_not_ours_may_be_in_use(fresh: Settings, engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", fresh.http_port)):
        check(replace(fresh, haproxy_dir="/run/haproxy"), engine)


@pytest.mark.parametrize("name", ["with space", "quo'te", "per%cent", "x" * 80])
def test_home_that_cannot_be_written_down_is_one_line(
    fresh: Settings, engine: Engine, name: str
) -> None:
    with pytest.raises(BadHome, match="choose another with PAAS_HOME"):
        check(replace(fresh, home=fresh.home / name), engine)


def test_second_platform_of_one_name_is_refused(fresh: Settings, engine: Engine) -> None:
    environ = {"PAAS_HOME": "/srv/first", "PAAS_INSTANCE": fresh.instance}
    command = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
    with subprocess.Popen(
        command, env={**environ, process_list.PROGRAM: "redis"}, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(InstanceTaken, match="with home /srv/first; a second one needs"):
            check(fresh, engine)
        first.kill()


def test_docker_that_is_not_there_says_what_to_do(fresh: Settings, home: Path) -> None:
    nothing = Engine.of(home, f"unix://{home}/none.sock")
    if os.geteuid() == 0:
        check(fresh, nothing)  # root can start it
    else:
        with pytest.raises(NoDocker, match="only root can start it"):
            check(fresh, nothing)
