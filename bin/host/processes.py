"""The one table of the processes that make up the platform, and what each is started with."""

import hashlib
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from host import process_list
from releases.settings import PROJECT, Settings

ROOMS = ("releases", "builder", "router_sync", "gitreceive")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STOPS_LAST = "redis"
NAMES = (
    STOPS_LAST,
    "haproxy",
    "router-sync",
    "releases",
    "converger",
    "builder",
    "gitreceive",
)
_STEADY = ("PAAS_HOME", "PAAS_INSTANCE", "PAAS_BIND", "PAAS_HTTP_PORT", "PAAS_HAPROXY_DIR")


@dataclass(frozen=True)
class Process:
    """One row: a program that is kept running."""

    name: str  # "router-sync"
    arguments: tuple[str, ...]
    environ: Mapping[str, str]  # a change of these restarts it
    count: int = 1
    stop_s: int = 10  # from SIGTERM to SIGKILL


def table(settings: Settings, user_environ: Mapping[str, str]) -> tuple[Process, ...]:
    """The rows in the order they start; they stop in the opposite one."""
    base, given = _base(user_environ), _given(settings)
    # Redis and HAProxy carry truth and traffic: new code or one more worker must not restart them.
    steady = {**base, **{name: given[name] for name in _STEADY if name in given}}
    ours = {**base, **given, "PAAS_REVISION": revision(PROJECT)}
    rows = [
        _python("router-sync", ours, "router_sync"),
        _python("releases", ours, "releases", count=settings.release_workers, stop_s=30),
        _python("converger", ours, "releases", "converge"),
        _python("builder", ours, "builder", count=settings.build_workers),
        _python("gitreceive", ours, "gitreceive"),
    ]
    if not settings.haproxy_dir:
        rows.insert(0, _python("haproxy", steady, "router_sync", "haproxy"))
    if not settings.redis_url:
        rows.insert(0, Process(STOPS_LAST, _redis(settings.home), steady, stop_s=30))
    return tuple(rows)


def _python(name: str, environ: Mapping[str, str], *arguments: str, **limits: int) -> Process:
    return Process(name, (sys.executable, "-m", *arguments), environ, **limits)


def _redis(home: Path) -> tuple[str, ...]:
    program = shutil.which("redis-server", path=PATH) or "redis-server"
    options = {
        "port": "0",
        "unixsocket": str(home / "run" / "redis.sock"),
        "unixsocketperm": "700",
        "dir": str(home / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # With a title Redis writes over its environment, by which we find what we started.
        "set-proc-title": "no",
    }
    return (program, *(word for name, value in options.items() for word in (f"--{name}", value)))


def _base(user_environ: Mapping[str, str]) -> dict[str, str]:
    kept = {"HOME": user_environ["HOME"]} if "HOME" in user_environ else {}
    if file := user_environ.get("PAAS_CONFIG"):
        kept["PAAS_CONFIG"] = str(Path(file).absolute())  # they run in another directory
    return {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(PROJECT),
        "PYTHONUNBUFFERED": "1",
        **kept,
    }


def _given(settings: Settings) -> dict[str, str]:
    """All settings spelled out: a process runs with what the last `bin/up` read."""
    values = {field.name: str(getattr(settings, field.name)) for field in fields(settings)}
    return {f"PAAS_{name.upper()}": value for name, value in values.items() if value}


@cache
def revision(project: Path) -> str:
    """A short name for the code as it is, so that the next `bin/up` restarts what has changed."""
    digest = hashlib.sha256()
    files = [project / "requirements.lock"]
    for room in ROOMS:
        files += sorted(file for file in (project / room).rglob("*") if _is_source(file))
    for file in files:
        digest.update(str(file.relative_to(project)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _is_source(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts


def marked(process: Process) -> dict[str, str]:
    """The environment with the mark by which `process_list` knows ours."""
    return {**process.environ, process_list.PROGRAM: process.name}
