"""Starts the SSH front door, or runs one command for the administrator: the wiring of all rooms."""

import getpass
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence

import builder.commands
import releases.commands
import router_sync.commands
from builder.request import request_build
from gitreceive import (
    commands,
    event_commands,
    image_commands,
    release_diff,
    repository_commands,
    stack_commands,
)
from gitreceive.deploy import Deployer, RequestBuild
from gitreceive.dispatch import CommandTable
from gitreceive.front import Front, Services
from gitreceive.gitcalls import GitCalls
from gitreceive.journal import Journal
from gitreceive.keys import host_key
from gitreceive.limits import Limits
from gitreceive.local_console import LocalConsole
from gitreceive.repository import sweep
from gitreceive.server import Server, write_port
from gitreceive.session import Rules
from gitreceive.under_way import PushesUnderWay
from releases.command import Session
from releases.errors import PaasError
from releases.platform import Platform

TABLES = (
    releases.commands.COMMANDS,
    builder.commands.COMMANDS,
    router_sync.commands.COMMANDS,
    commands.COMMANDS,
    event_commands.COMMANDS,
    repository_commands.COMMANDS,
    image_commands.COMMANDS,
    stack_commands.COMMANDS,
    release_diff.COMMANDS,
)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """`python -m gitreceive [paas COMMAND...]`; return the exit status."""
    try:
        platform = Platform.from_env(environ)
        table = CommandTable(*TABLES)
        if arguments[:1] == ["paas"]:
            return run_locally(platform, table, arguments[1:], environ.get("TERM", ""))
        return serve(platform, table, request_build)
    except PaasError as error:
        print(f" !     {error}", file=sys.stderr)
        return error.exit_status


def run_locally(platform: Platform, table: CommandTable, words: Sequence[str], term: str) -> int:
    """Run a command for whoever is logged in on this machine."""
    session = Session(
        platform=platform,
        who=getpass.getuser(),
        stdin=sys.stdin.buffer,
        out=sys.stdout,
        terminal=sys.stdout.isatty(),
        console=LocalConsole(term),
    )
    page = Journal(platform.store.events).of(session.who, "", "local")
    return table.run(words, session, sys.stderr, page)


def serve(platform: Platform, table: CommandTable, build: RequestBuild) -> int:
    """Serve until SIGTERM or SIGINT. Deploys that were begun go on without us."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # paramiko writes a traceback for every stranger that talks nonsense
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    settings = platform.settings
    sweep(settings.repositories)
    server = open_server(platform, table, build, Limits.of(settings))
    server.start()
    write_port(settings.home / "run" / "ssh.port", server.port)
    stopped.wait()
    server.stop()
    return 0


def open_server(
    platform: Platform, table: CommandTable, build: RequestBuild, limits: Limits
) -> Server:
    """The server that the settings name, listening."""
    settings = platform.settings
    deployer = Deployer(platform, build, PushesUnderWay(), limits.reason_chars)
    journal = Journal(platform.store.events)
    services = Services(platform, table, GitCalls(deployer, limits), journal)
    front = Front(services, limits.connections)
    rules = Rules(platform.store.ssh_keys, limits, front.answer, journal)
    return Server(settings.bind, settings.ssh_port, host_key(settings.home / "host_key"), rules)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
