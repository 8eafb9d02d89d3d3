"""A dockerd of our own, apart from any other on the machine."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import waiting
from host.engine import Engine, NoDocker
from tests.services import need


@pytest.fixture
def engine(home: Path) -> Iterator[Engine]:
    need("dockerd")
    if os.geteuid() != 0:
        pytest.skip("only root can start dockerd")
    engine = Engine(
        f"unix://{home}/docker.sock",
        home / "dockerd.pid",
        home / "dockerd.log",
        exec_root=home / "x",
        options=("--data-root", str(home / "data"), "--bridge", "none", "--iptables=false"),
        # Apart, or `--bridge none` would take docker0 away from the machine's own dockerd.
        launcher=(need("unshare"), "--net"),
    )
    yield engine
    engine.stop()
    leftover = ["umount", "--quiet", str(home / "data")]  # of a killed dockerd
    while subprocess.run(leftover, capture_output=True, check=False).returncode == 0:
        pass


def test_dockerd_starts_answers_and_stops_in_a_session_of_its_own(engine: Engine) -> None:
    engine.check()
    assert not engine.answers()
    engine.start()
    assert engine.answers()
    pid = engine.pid
    assert pid is not None
    assert os.getsid(pid) == pid
    assert engine.stop()
    assert not engine.answers()
    assert not engine.stop()


def test_numbers_of_strangers_in_stale_pid_files_do_not_stop_a_start(engine: Engine) -> None:
    stranger = f"{os.getpid()}\n"
    engine.pid_file.write_text(stranger)
    containerd = engine.exec_root / "containerd"
    containerd.mkdir(parents=True)
    (containerd / "containerd.pid").write_text(stranger)
    assert engine.pid is None
    engine.start()
    assert engine.answers()


def test_killed_dockerd_starts_again(engine: Engine) -> None:
    engine.start()
    killed = engine.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    waiting.wait_for_end(killed, 10)
    engine.start()
    assert engine.answers()
    assert engine.pid != killed


def test_dockerd_that_cannot_start_is_one_line(engine: Engine, home: Path) -> None:
    (home / "data").write_text("a file, where a directory should be")
    with pytest.raises(NoDocker, match="Docker does not start; the reason is at the end of"):
        engine.start()


def test_engine_elsewhere_that_does_not_answer_is_one_line(home: Path) -> None:
    elsewhere = Engine.of(home, "tcp://127.0.0.1:1")
    with pytest.raises(NoDocker, match="is setting docker_host"):
        elsewhere.check()
