"""The order in which the platform comes up on one machine, and what must be right before."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host import first_push, parts, processes, process_list, screen, systemd, units
from host.admin_key import AdminKey
from host.alias import Alias, Outcome, user_config
from host.engine import Engine
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
    status, last = screen.show([sys.executable, "-m", "builder", "prepare", "python"], environ)
    if status != 0:
        raise NoBaseImage(f"the base image could not be made: {last}")
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


def introduce(settings: Settings, environ: Mapping[str, str]) -> None:
    """Let the administrator in, name the platform to ssh, and show that all of it works."""
    store = Platform.open(settings).store
    address = parts.local_address(settings)
    alias = Alias(settings.instance, settings.home / "client", address, settings.ssh_port)
    screen.step(f"SSH alias {alias.name}")
    key = AdminKey(alias.directory)
    if key.make():
        screen.detail(f"made a key: {key.directory}/id_ed25519")
    key.trust(alias.name, address, settings.ssh_port)
    if name := key.let_in(store.ssh_keys, environ):
        screen.detail(f"let it in as {name}")
    is_installed = _install(alias)

    screen.step(f"Example app {first_push.APP}")
    live = first_push.live_commit(store, first_push.APP)
    with first_push.example_repository(first_push.EXAMPLE, environ) as directory:
        commit = first_push.commit_of(directory, environ)
        if live is None:
            config = None if is_installed else alias.file
            push_environ = first_push.git_environ(environ, config)
            first_push.push(directory, alias.name, push_environ)
        elif live == commit:
            screen.detail(f"is live with {commit[:7]}")
        else:
            screen.detail(f"is live with {live[:7]}, a commit of yours: left as it is")
    _say_goodbye(settings, address, alias if is_installed else None)


def _install(alias: Alias) -> bool:
    alias.write()
    config = user_config()
    outcome = alias.install(config)
    if outcome is Outcome.ADDED:
        screen.detail(f"added to {config}: {alias.include}")
    elif outcome is Outcome.THERE:
        screen.detail(f"is known through {config}")
    else:
        screen.detail(
            f"{config} has a Host {alias.name} of its own, which was left alone; for this platform",
            f"use: ssh -F {alias.file} {alias.name}",
            f'and: export GIT_SSH_COMMAND="ssh -F {alias.file}"',
        )
    return outcome is not Outcome.TAKEN


def _say_goodbye(settings: Settings, address: str, alias: Alias | None) -> None:
    answer = first_push.wait_for_answer(settings, address)
    screen.detail(
        f"{settings.url(first_push.host(settings))} answers {answer.status or 'nothing'}:",
        *(f"  {line}" for line in answer.text.splitlines()[:5]),
    )
    ssh = f"ssh {alias.name}" if alias else f"ssh -F {settings.home}/client/ssh_config paas"
    remote = settings.instance
    screen.step("Try next, in a git repository of yours:")
    screen.detail(
        f"git remote add {remote} {remote}:myapp && git push {remote} master",
        f"{ssh} config:set myapp GREETING=hello",
        f"{ssh} rollback myapp",
    )


def _systemd_can_start(
    settings: Settings, rows: tuple[processes.Process, ...], wish: Wish
) -> bool:
    directory = wish.units or units.SYSTEM_UNITS
    manager = Systemd(settings.instance, directory)
    screen.step(f"systemd units in {directory}")
    for name in manager.write(rows):
        screen.detail(f"wrote {name}")
    if systemd.rules() and wish.units is None and os.geteuid() == 0:
        return True
    screen.detail(
        "systemd does not rule this machine; where it does, run:",
        f"  systemctl daemon-reload && systemctl enable --now {manager.target}",
        "  ./bin/up",
    )
    return False
