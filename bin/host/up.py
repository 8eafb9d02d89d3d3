"""The order in which the platform comes up on one machine, and what must be right before."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host import parts, process_list, processes, screen, systemd, units
from host.engine import Engine
from host.introduction import introduce
from host.manager import Manager, in_charge
from host.ports import Port
from host.systemd import Systemd
from host.turn import turn
from releases.errors import BadInput, PaasError
from releases.platform import Platform
from releases.settings import Settings

_LONGEST_HOME = 70  # a socket's path may have 107 bytes, and HAProxy's sockets need the rest
_HOME = re.compile(r"[A-Za-z0-9/._@+,:=-]+")


class BadHome(BadInput):
    """The home directory's path cannot be written into the configurations that need it."""


class InstanceTaken(PaasError):
    """Two platforms on one machine must not have one name."""


class NoBaseImage(PaasError):
    """The image that apps are built on could not be made."""


@dataclass(frozen=True)
class Wish:
    """What the person asked for."""

    systemd: bool = False
    units: Path | None = None  # where the units go, if not to systemd itself


def up(environ: Mapping[str, str], wish: Wish) -> None:
    """Bring the platform up, or find it up; raise a PaasError that says what is in the way."""
    settings = Settings.from_env(environ)
    engine = Engine.of(settings.home, settings.docker_host)
    check(settings, engine)
    make_directories(settings.home)
    environ = {**environ, "PAAS_HOME": str(settings.home)}
    with turn(settings.home):
        rows = processes.table(settings, environ)
        if wish.systemd and not _systemd_can_start(settings, rows, wish):
            return
        start(settings, engine, environ, rows)
        introduce(settings, environ)


def check(settings: Settings, engine: Engine) -> None:
    """Everything that can be known to be wrong before anything is changed."""
    home = str(settings.home)
    if len(home) > _LONGEST_HOME or not _HOME.fullmatch(home):
        raise BadHome(
            f"home {home!r} cannot be used: at most {_LONGEST_HOME} of A-Z a-z 0-9 / . _ @ + , : = "
            "and -; choose another with PAAS_HOME"
        )
    if other := process_list.other_home(settings.instance, settings.home):
        raise InstanceTaken(
            f"a platform named {settings.instance} runs already, with home {other}; a second one "
            "needs PAAS_INSTANCE, PAAS_SUBNET, PAAS_SSH_PORT and PAAS_HTTP_PORT of its own"
        )
    engine.check()

    def is_ours(pid: int) -> bool:
        return process_list.is_ours(pid, settings.home)

    Port(settings.bind, settings.ssh_port, "ssh_port").check(is_ours)
    if not settings.haproxy_dir:
        Port(settings.bind, settings.http_port, "http_port").check(is_ours)


def make_directories(home: Path) -> None:
    """Home and what must be in it before anything starts."""
    for directory in (home, home / "run", home / "log", home / "redis", home / "client"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def start(
    settings: Settings,
    engine: Engine,
    environ: Mapping[str, str],
    rows: tuple[processes.Process, ...],
) -> None:
    """Docker, the base image, then all processes; returns once every part answers."""
    start_docker(engine)
    screen.step("Base image for Python apps")
    prepare = [sys.executable, "-m", "builder", "prepare", "python"]
    status, last = screen.show(prepare, environ, in_place=True)
    if status != 0:
        raise NoBaseImage(f"the base image could not be made: {last[-1]}")
    screen.step("Platform")
    manager: Manager = in_charge(settings)
    for name in manager.run(rows):
        screen.detail(f"{name}: started")
    parts.wait_for_all(parts.parts(Platform.open(settings), manager), manager)


def start_docker(engine: Engine) -> None:
    """Reach the engine, or start one."""
    if engine.answers():
        screen.step("Docker: up")
        return
    screen.step("Starting Docker")
    engine.start()
    screen.detail(f"up; its log is {engine.log}" if engine.pid else "up")


def _systemd_can_start(settings: Settings, rows: tuple[processes.Process, ...], wish: Wish) -> bool:
    directory = wish.units or units.SYSTEM_UNITS
    manager = Systemd(settings.instance, directory)
    screen.step(f"systemd units in {directory}")
    for name in manager.write(rows) or ["nothing: they are as they should be"]:
        screen.detail(f"wrote {name}")
    if systemd.rules() and wish.units is None:
        return True
    screen.detail(
        f"where systemd runs the machine and the units are in {units.SYSTEM_UNITS}, run:",
        f"  systemctl daemon-reload && systemctl enable --now {manager.target}",
        "and then ./bin/up once more, for the ssh alias and the example app",
    )
    return False
