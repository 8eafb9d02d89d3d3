"""The order in which the platform goes down: only what we started, and never its data."""

from collections.abc import Mapping

from host import processes, screen
from host.containers import Containers
from host.engine import Engine
from host.manager import in_charge
from host.turn import turn
from releases.settings import Settings

_MARGIN_S = 15


def down(environ: Mapping[str, str]) -> None:
    """Stop the processes, our containers, and the dockerd that we started; works twice."""
    settings = Settings.from_env(environ)
    if not (settings.home / "run").is_dir():
        screen.step(f"Nothing was ever started with home {settings.home}")
        return
    with turn(settings.home):
        stop_processes(settings, environ)
        engine = Engine.of(settings.home, settings.docker_host)
        if engine.answers():
            stop_containers(settings, engine)
        stop_docker(settings, engine)
    screen.step(f"Down; data stays in {settings.home}, ./bin/up brings the apps back")


def stop_processes(settings: Settings, environ: Mapping[str, str]) -> None:
    """The platform first: it would start the apps' containers again."""
    screen.step("Stopping the platform")
    longest_s = sum(row.stop_s for row in processes.table(settings, environ)) + _MARGIN_S
    if not in_charge(settings).stop(longest_s):
        screen.detail("was not running")


def stop_containers(settings: Settings, engine: Engine) -> None:
    """The apps."""
    screen.step("Stopping the apps' containers")
    count = Containers(engine.address, settings.instance).stop(settings.stop_grace_s)
    screen.detail(f"{count} stopped")


def stop_docker(settings: Settings, engine: Engine) -> None:
    """The dockerd that we started, unless other people's containers run on it by now."""
    if engine.pid is None:
        return
    screen.step("Stopping Docker, which ./bin/up had started")
    others = Containers(engine.address, settings.instance).others() if engine.answers() else 0
    if others:
        screen.detail(f"left running: {others} containers that are not ours run on it")
    else:
        engine.stop()
