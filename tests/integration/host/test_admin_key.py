"""The administrator's key, by the real OpenSSH."""

import socket
import subprocess
from pathlib import Path

import pytest

from host.admin_key import AdminKey, KeyNotMade
from releases.store import Store
from tests.services import need, running, wait_for


def test_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    key = AdminKey(tmp_path)
    assert key.make()
    made = (tmp_path / "id_ed25519").read_bytes()
    assert not key.make()
    assert (tmp_path / "id_ed25519").read_bytes() == made
    assert (tmp_path / "id_ed25519").stat().st_mode & 0o077 == 0


def test_half_a_key_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").touch()
    key = AdminKey(tmp_path)
    assert key.make()
    assert key.public_line.startswith("ssh-ed25519 ")


def test_fingerprint_is_the_one_openssh_shows(tmp_path: Path) -> None:
    key = AdminKey(tmp_path)
    key.make()
    shown = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "id_ed25519.pub"], capture_output=True, text=True
    )
    assert shown.stdout.split()[1] == key.fingerprint


def test_servers_key_is_noted_under_the_aliases_name(tmp_path: Path) -> None:
    sshd = need("sshd")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "host"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)  # sshd as root insists on it
    options = ["-D", "-e", "-f", "/dev/null", "-h", str(tmp_path / "host"), "-p", str(port)]
    client = tmp_path / "client"
    client.mkdir()
    with running([sshd, *options, "-o", "ListenAddress=127.0.0.1"], tmp_path / "sshd.log"):
        wait_for(lambda: _listens(port), "sshd")
        AdminKey(client).trust("paas", "127.0.0.1", port)
    kind, blob = (tmp_path / "host.pub").read_text().split()[:2]
    assert (client / "known_hosts").read_text() == f"paas {kind} {blob}\n"


def test_silent_server_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KeyNotMade, match="port 1 shows no host key"):
        AdminKey(tmp_path).trust("paas", "127.0.0.1", 1)


def test_key_that_is_let_in_already_is_left_alone(tmp_path: Path, store: Store) -> None:
    key = AdminKey(tmp_path)
    key.make()
    store.ssh_keys.add("mine", key.fingerprint, key.public_line, "a test")
    assert key.let_in(store.ssh_keys, {}) is None


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
