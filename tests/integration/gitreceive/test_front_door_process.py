"""The process itself: `python -m gitreceive`, its files, its end, and the local `paas`."""

import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from releases.platform import Platform
from releases.settings import PROJECT, Settings
from tests.integration.gitreceive.front_door import Result, admit, make_key, run
from tests.services import running, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def environ(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of the process, which the child inherits."""
    values = {
        "PAAS_HOME": str(settings.home),
        "PAAS_REDIS_URL": settings.redis_url,
        "PYTHONPATH": str(PROJECT),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PAAS_SSH_PORT", str(free_port()))
    return {**os.environ}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def front_door(settings: Settings) -> Iterator[tuple[int, int]]:
    """The running process; yields its pid and port."""
    port_file = settings.home / "run" / "ssh.port"
    port_file.unlink(missing_ok=True)
    with running([sys.executable, "-m", "gitreceive"], settings.home / "front.log") as process:
        wait_for(port_file.exists, "the front door")
        yield process.pid, int(port_file.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def paas(environ: dict[str, str], *words: str, stdin: str = "") -> Result:
    """The administrator's command."""
    return run([sys.executable, "-m", "gitreceive", "paas", *words], env=environ, stdin=stdin)


def test_the_host_key_is_made_once_and_kept(
    settings: Settings, environ: dict[str, str], tmp_path: Path
) -> None:
    key = settings.home / "host_key"
    with front_door(settings):
        made = key.read_bytes()
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with front_door(settings) as (_, port):
        assert key.read_bytes() == made
        scanned = run(["ssh-keyscan", "-p", str(port), "127.0.0.1"])
    public = key.with_suffix(".pub").read_text().split()[:2]
    assert " ".join(public) in scanned.out


def test_a_push_reaches_the_process_and_sigterm_ends_it(
    settings: Settings, platform: Platform, environ: dict[str, str], tmp_path: Path
) -> None:
    identity = make_key(tmp_path / "id")
    admit(platform, "alice", identity)
    left_behind = settings.repositories / "old.git" / "objects" / "tmp_objdir-incoming-x"
    left_behind.mkdir(parents=True)
    with front_door(settings) as (_, port):
        assert not left_behind.exists(), "what a killed push left is swept at the start"
        options = ["-F", "none", "-i", str(identity), "-o", "StrictHostKeyChecking=no"]
        options += ["-o", f"UserKnownHostsFile={tmp_path}/known", "-o", "IdentitiesOnly=yes"]
        shown = run(["ssh", *options, "-p", str(port), "127.0.0.1", "version"])
        assert shown.out == "paas 0.1.0\n"


def test_a_port_in_use_is_one_clear_line(settings: Settings, environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(os.environ["PAAS_SSH_PORT"]))):
        refused = run([sys.executable, "-m", "gitreceive"], env=environ)
    assert refused.status == 1
    assert refused.err.startswith(" !     cannot listen for ssh on 127.0.0.1 port")
    assert refused.err.count("\n") == 1


def test_the_administrator_runs_the_same_commands_without_ssh(
    platform: Platform, environ: dict[str, str], tmp_path: Path
) -> None:
    public = make_key(tmp_path / "id").with_suffix(".pub").read_text()
    assert paas(environ, "keys:add", "alice", stdin=public).status == 0
    [key] = platform.store.ssh_keys.list()
    assert key.added_by != "alice"
    assert paas(environ).out.startswith("Usage: ssh paas COMMAND")
    unknown = paas(environ, "nosuch")
    assert (unknown.status, unknown.out) == (127, "")
    assert paas(environ, "keys:remove", "alice").status == 0, "the last key, but on the machine"


def test_a_bad_setting_is_one_clear_line(environ: dict[str, str]) -> None:
    refused = run([sys.executable, "-m", "gitreceive"], env={**environ, "PAAS_SSH_PORT": "twenty"})
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert refused.err.startswith(" !     setting ssh_port")
