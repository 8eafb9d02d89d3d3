"""An OpenSSH server of our own with bare repositories: what a front door is measured against."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.services import need, running, wait_for
from tests.whole import free_port

_CONFIG = """Port {port}
ListenAddress 127.0.0.1
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/client_key.pub
PidFile {directory}/sshd.pid
StrictModes no
PermitRootLogin yes
UsePAM no
"""


@contextmanager
def sshd(directory: Path, more: Sequence[str] = ()) -> Iterator[tuple[int, int]]:
    """OpenSSH's defaults, and `more` lines of configuration; yields its port and process id.

    Whoever has `client_key` in the directory may log in; a key that is there is kept.
    """
    for key in ("host_key", "client_key"):
        if not (directory / key).exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / key)]
            subprocess.run(command, check=True)
    port = free_port()
    config = directory / "sshd_config"
    lines = "".join(f"{line}\n" for line in more)
    config.write_text(_CONFIG.format(port=port, directory=directory) + lines)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    log = directory / "sshd.log"
    with running([need("sshd"), "-D", "-e", "-f", str(config)], log) as process:
        wait_for(lambda: "listening" in log.read_text(), "sshd")
        yield port, process.pid
