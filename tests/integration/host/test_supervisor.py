"""supervisord with stand-in programs: start, change, crash, orphans, stop."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from host import process_list, waiting
from host.processes import Process
from host.supervisor import NoSupervisor, Supervisor
from host.up import make_directories
from tests.services import wait_for

_STAY = "import signal; signal.pause()"


@pytest.fixture
def supervisor(home: Path) -> Iterator[Supervisor]:
    make_directories(home)
    supervisor = Supervisor(home)
    yield supervisor
    supervisor.stop(timeout_s=20)


def stand_in(home: Path, name: str, code: str = _STAY, count: int = 1) -> Process:
    program = home / f"{name}.py"
    program.write_text(code)
    environ = {"PAAS_HOME": str(home), "ODD": "50% off, a=b"}
    return Process(name, (sys.executable, str(program)), environ, count, stop_s=5)


def states(supervisor: Supervisor) -> dict[str, str]:
    return {state.name: state.state for state in supervisor.states()}


def wait_until_all_run(supervisor: Supervisor) -> None:
    wait_for(lambda: set(states(supervisor).values()) == {"RUNNING"}, "all processes to run")


def test_every_row_runs_as_often_as_the_table_says(supervisor: Supervisor, home: Path) -> None:
    started = supervisor.run([stand_in(home, "one"), stand_in(home, "many", count=3)])
    wait_until_all_run(supervisor)
    assert sorted(started) == ["many-1", "many-2", "many-3", "one"]
    assert len(supervisor.pids("many")) == 3


def test_environment_arrives_exactly(supervisor: Supervisor, home: Path) -> None:
    code = "import os, signal; print(os.environ['ODD'], flush=True); signal.pause()"
    supervisor.run([stand_in(home, "speaker", code)])
    log = home / "log" / "speaker.log"
    wait_for(lambda: log.exists() and log.read_text(), "the program to speak")
    assert log.read_text() == "50% off, a=b\n"


def test_second_run_changes_nothing(supervisor: Supervisor, home: Path) -> None:
    rows = [stand_in(home, "one"), stand_in(home, "two")]
    supervisor.run(rows)
    wait_until_all_run(supervisor)
    before = process_list.ours(home)
    assert supervisor.run(rows) == []
    assert process_list.ours(home) == before


def test_only_the_row_that_changed_restarts(supervisor: Supervisor, home: Path) -> None:
    steady, changing = stand_in(home, "steady"), stand_in(home, "changing")
    supervisor.run([steady, changing])
    wait_until_all_run(supervisor)
    kept, old = supervisor.pids("steady"), supervisor.pids("changing")
    changed = replace(changing, environ={**changing.environ, "PAAS_DOMAIN": "example.com"})
    assert supervisor.run([steady, changed]) == ["changing"]
    wait_until_all_run(supervisor)
    assert supervisor.pids("steady") == kept
    assert supervisor.pids("changing") != old


def test_row_that_left_the_table_is_stopped(supervisor: Supervisor, home: Path) -> None:
    supervisor.run([stand_in(home, "stays"), stand_in(home, "leaves")])
    wait_until_all_run(supervisor)
    [leaving] = supervisor.pids("leaves")
    supervisor.run([stand_in(home, "stays")])
    assert list(states(supervisor)) == ["stays"]
    assert waiting.wait_for_end(leaving, 0)


def test_killed_process_is_started_again(supervisor: Supervisor, home: Path) -> None:
    supervisor.run([stand_in(home, "one")])
    wait_until_all_run(supervisor)
    [old] = supervisor.pids("one")
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: supervisor.pids("one") not in ([], [old]), "the process to be back")


def test_process_that_ends_at_once_is_tried_again_but_not_all_the_time(
    supervisor: Supervisor, home: Path
) -> None:
    supervisor.run([stand_in(home, "crasher", "import time; print(time.monotonic(), flush=True)")])
    log = home / "log" / "crasher.log"
    wait_for(lambda: log.exists() and len(log.read_text().split()) >= 3, "three tries")
    first, second, third = (float(word) for word in log.read_text().split()[:3])
    assert min(second - first, third - second) > 0.9
    assert supervisor.given_up() == []


def test_what_a_killed_supervisord_left_is_ended_and_started_anew(
    supervisor: Supervisor, home: Path
) -> None:
    rows = [stand_in(home, "one"), stand_in(home, "many", count=2)]
    supervisor.run(rows)
    wait_until_all_run(supervisor)
    orphans = process_list.ours(home)
    killed = supervisor.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    waiting.wait_for_end(killed, 10)
    assert process_list.ours(home) == orphans

    supervisor.run(rows)
    wait_until_all_run(supervisor)
    assert not set(orphans) & set(process_list.ours(home))
    assert len(process_list.ours(home)) == 3


def test_stop_ends_everything_and_works_twice(supervisor: Supervisor, home: Path) -> None:
    supervisor.run([stand_in(home, "one"), stand_in(home, "many", count=2)])
    wait_until_all_run(supervisor)
    assert supervisor.stop(timeout_s=20)
    assert supervisor.pid is None
    assert process_list.ours(home) == []
    assert not supervisor.stop(timeout_s=20)


def test_stop_also_ends_what_a_killed_supervisord_left(supervisor: Supervisor, home: Path) -> None:
    supervisor.run([stand_in(home, "one")])
    wait_until_all_run(supervisor)
    killed = supervisor.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    waiting.wait_for_end(killed, 10)
    assert supervisor.stop(timeout_s=20)
    assert process_list.ours(home) == []


def test_process_that_ignores_sigterm_is_killed_after_its_time(
    supervisor: Supervisor, home: Path
) -> None:
    code = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); signal.pause()"
    )
    supervisor.run([replace(stand_in(home, "deaf", code), stop_s=1)])
    log = home / "log" / "deaf.log"
    wait_for(lambda: log.exists() and "deaf" in log.read_text(), "the program to be deaf")
    assert supervisor.stop(timeout_s=20)
    assert process_list.ours(home) == []


def test_redis_stops_after_all_that_need_it(supervisor: Supervisor, home: Path) -> None:
    record = home / "stops"
    code = (
        "import signal, sys\n"
        "def note(*_):\n"
        f"    open({str(record)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, note)\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    names = ["redis", "builder", "gitreceive"]
    rows = [stand_in(home, name, code) for name in names]
    supervisor.run([replace(row, arguments=(*row.arguments, row.name)) for row in rows])
    logs = [home / "log" / f"{name}.log" for name in names]
    wait_for(lambda: all(log.exists() and log.read_text() for log in logs), "all to be ready")
    supervisor.stop(timeout_s=20)
    stopped = record.read_text().split()
    assert sorted(stopped) == sorted(names)
    assert stopped[-1] == "redis"


def test_stranger_with_the_number_in_the_pid_file_is_left_alone(
    supervisor: Supervisor, home: Path
) -> None:
    (home / "run" / "supervisord.pid").write_text(f"{os.getpid()}\n")
    assert supervisor.pid is None
    supervisor.run([stand_in(home, "one")])
    wait_until_all_run(supervisor)


def test_supervisord_that_does_not_start_is_one_line(supervisor: Supervisor, home: Path) -> None:
    (home / "log" / "supervisord.log").mkdir()
    with pytest.raises(NoSupervisor, match="supervisord does not start"):
        supervisor.run([stand_in(home, "one")])
