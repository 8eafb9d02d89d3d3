"""supervisord's configuration, read back by supervisord's own reader."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import (  # type: ignore[import-untyped]  # supervisor 4.3 has no types
    ServerOptions,
)

from host.processes import Process
from host.supervisor_conf import BadPath, render

_HOME = Path("/srv/paas")


def read_back(tmp_path: Path, *processes: Process) -> Any:
    home = tmp_path
    (home / "log").mkdir()
    (home / "run").mkdir()
    conf = home / "supervisord.conf"
    conf.write_text(render(home, processes))
    options = ServerOptions()
    options.realize(["-c", str(conf)])
    return options


def test_command_and_environment_are_read_back_exactly(tmp_path: Path) -> None:
    arguments = ("/opt/my tools/run", "--level", "50%", "a,b=c")
    environ = {"PAAS_HOME": "/srv/paas", "ODD": "a=b, c 100%", "EMPTY": ""}
    [group] = read_back(tmp_path, Process("odd", arguments, environ)).process_group_configs
    [process] = group.process_configs
    assert tuple(shlex.split(process.command)) == arguments
    assert process.environment == {**environ, "PAAS_PROGRAM": "odd"}


def test_every_process_is_restarted_and_killed_with_its_group(tmp_path: Path) -> None:
    [group] = read_back(tmp_path, Process("one", ("true",), {})).process_group_configs
    [process] = group.process_configs
    assert process.autorestart.__name__ == "RestartUnconditionally"
    assert process.killasgroup


def test_logs_are_rotated_at_a_size(tmp_path: Path) -> None:
    options = read_back(tmp_path, Process("one", ("true",), {}))
    [process] = options.process_group_configs[0].process_configs
    assert process.stdout_logfile == str(tmp_path / "log" / "one.log")
    assert 0 < process.stdout_logfile_maxbytes <= 20 * 1024 * 1024
    assert 0 < options.logfile_maxbytes <= 20 * 1024 * 1024


def test_each_of_many_has_a_log_of_its_own(tmp_path: Path) -> None:
    options = read_back(tmp_path, Process("many", ("true",), {}, count=2))
    logs = [process.stdout_logfile for process in options.process_group_configs[0].process_configs]
    assert logs == [str(tmp_path / "log" / f"many-{number}.log") for number in (1, 2)]


def test_groups_are_in_the_order_of_the_table(tmp_path: Path) -> None:
    rows = [Process(name, ("true",), {}) for name in ("redis", "haproxy", "builder")]
    options = read_back(tmp_path, *rows)
    ordered = sorted(options.process_group_configs, key=lambda group: group.priority)
    assert [group.name for group in ordered] == ["redis", "haproxy", "builder"]


@pytest.mark.parametrize(
    "value", ['say "hi"', "it's", "two\nlines", "path ;comment", "path #comment"]
)
def test_value_that_cannot_be_written_is_one_line(value: str) -> None:
    with pytest.raises(BadPath, match="cannot be used in a path or setting"):
        render(_HOME, [Process("one", ("true",), {"PAAS_REDIS_URL": value})])
