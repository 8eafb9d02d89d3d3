"""How the table of processes reads in supervisord's configuration."""

import os
import pwd
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from host.processes import Process, marked
from releases.errors import BadInput
from releases.settings import PROJECT

_UNSAFE = re.compile(r"[\x00-\x1f\"'\\]|\s[;#]")  # supervisord cannot read all of these back


class BadPath(BadInput):
    """A path or a setting that cannot be written into a configuration file."""


def render(home: Path, processes: Iterable[Process]) -> str:
    """The whole file."""
    sections = [_supervisord(home)]
    sections += [
        _program(home, process, priority) for priority, process in enumerate(processes, start=1)
    ]
    return "\n".join(sections)


def _supervisord(home: Path) -> str:
    run = home / "run"
    daemon = {
        "nodaemon": "true",
        "user": pwd.getpwuid(os.getuid()).pw_name,  # as it is; else root is warned of being root
        "silent": "true",
        "pidfile": run / "supervisord.pid",
        "logfile": home / "log" / "supervisord.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": "2",
        "childlogdir": home / "log",
        "directory": PROJECT,
    }
    return "\n".join(
        [
            _section("supervisord", daemon),
            _section("unix_http_server", {"file": run / "supervisor.sock", "chmod": "0700"}),
            _section(
                "rpcinterface:supervisor",
                {
                    "supervisor.rpcinterface_factory": (
                        "supervisor.rpcinterface:make_main_rpcinterface"
                    )
                },
            ),
            _section("supervisorctl", {"serverurl": f"unix://{run / 'supervisor.sock'}"}),
        ]
    )


def _program(home: Path, process: Process, priority: int) -> str:
    name = "%(program_name)s" if process.count == 1 else "%(program_name)s-%(process_num)d"
    values = {
        "command": " ".join(f'"{_escape(word)}"' for word in process.arguments),
        "environment": _environment(marked(process)),
        "directory": _escape(str(PROJECT)),
        "numprocs": process.count,
        "numprocs_start": 1,
        "process_name": name,
        "priority": priority,
        "autostart": "true",
        "autorestart": "true",
        # A process that ends within a second waits one second more before each new try: after an
        # outage of ten minutes the next try is at most half a minute away.
        "startsecs": 1,
        "startretries": 1000,
        "stopsignal": "TERM",
        "stopwaitsecs": process.stop_s,
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"{_escape(str(home / 'log'))}/{name}.log",
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "2",
    }
    return _section(f"program:{process.name}", values)


def _environment(environ: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in sorted(environ.items()))


def _escape(value: str) -> str:
    if _UNSAFE.search(value):
        raise BadPath(
            f"{value[:60]!r} cannot be used in a path or setting of the platform: no quotation "
            "mark, backslash, line break, or space before ; or #"
        )
    return value.replace("%", "%%")


def _section(name: str, values: Mapping[str, object]) -> str:
    lines = [f"{key} = {value}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
