"""The entry of bin/up, bin/down and bin/test: `python -m host up|down|engine`."""

import argparse
import os
import sys
from pathlib import Path

from host import screen
from host.down import down
from host.engine import Engine
from host.up import Wish, make_directories, start_docker, up
from releases.errors import PaasError
from releases.settings import Settings

_INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Do what was asked; return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.task == "up":
            up(os.environ, Wish(asked.systemd or bool(asked.units), asked.units))
        elif asked.task == "down":
            down(os.environ)
        else:
            bring_engine()
    except PaasError as error:
        screen.error(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        screen.error("interrupted; what was started goes on, and ./bin/up takes it from there")
        return _INTERRUPTED
    return 0


def bring_engine() -> None:
    """Only Docker, for the tests."""
    settings = Settings.from_env(os.environ)
    engine = Engine.of(settings.home, settings.docker_host)
    engine.check()
    make_directories(settings.home)
    start_docker(engine)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="host", usage="bin/up, bin/down: see their --help")
    tasks = parser.add_subparsers(dest="task", required=True)
    up_parser = tasks.add_parser("up", prog="bin/up", description="Start the platform.")
    up_parser.add_argument(
        "--systemd", action="store_true", help="let systemd run it: write units and start them"
    )
    up_parser.add_argument(
        "--units", type=Path, metavar="DIR", help="write the units to DIR and start nothing"
    )
    tasks.add_parser("down", prog="bin/down", description="Stop all that bin/up started.")
    tasks.add_parser("engine", description="Make sure that a Docker Engine answers.")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
