"""The servers that are compared: our front door, and OpenSSH with `git receive-pack`, two ways."""

import getpass
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.door import settings
from bench.process_tree import cpu_s
from bench.repositories import git
from bench.sshd import sshd
from gitreceive.git import settings as git_settings
from gitreceive.keys import parse_public_key
from gitreceive.limits import Limits
from releases.platform import Platform
from tests.services import redis_process, running, wait_for

# OpenSSH otherwise takes a heavier key exchange and another cipher than we offer.
_AS_OURS = ("KexAlgorithms curve25519-sha256", "Ciphers aes128-gcm@openssh.com")
# git's protocol 2, without which a commit cannot be fetched by its id; and room for a crowd.
_BOTH = ("AcceptEnv GIT_PROTOCOL", "MaxStartups 500:30:600")


@dataclass(frozen=True)
class Rival:
    """A running server and how a client gets in."""

    name: str
    pid: int
    beside: tuple[int, ...]  # processes that it needs: their CPU counts too
    prefix: str  # of the URL; the app's name follows
    repositories: Path
    ssh_command: str
    prepare: Callable[[str], None]  # make an empty repository, where a push does not
    platform: Platform | None = None  # ours

    def cpu_s(self) -> float:
        """Used so far."""
        return sum(map(cpu_s, (self.pid, *self.beside)))

    def git(self, directory: Path, *words: str) -> str:
        """Run git as its client; RuntimeError if that fails."""
        return git(directory, *words, GIT_SSH_COMMAND=self.ssh_command)

    def url(self, app: str) -> str:
        """Where an app is pushed to and cloned from."""
        return f"{self.prefix}/{app}.git"

    def remove(self, app: str) -> None:
        """Take the disk back."""
        shutil.rmtree(self.repositories / f"{app}.git")


@contextmanager
def rivals(directory: Path) -> Iterator[list[Rival]]:
    """Our door, OpenSSH with our git settings, OpenSSH and git as they come; in this order."""
    with ExitStack() as stack:
        ours = stack.enter_context(our_door(directory))
        same = stack.enter_context(_openssh(_fresh(directory, "same"), "OpenSSH, same", True))
        plain = stack.enter_context(_openssh(_fresh(directory, "plain"), "OpenSSH, plain", False))
        yield [ours, same, plain]


def _fresh(directory: Path, name: str) -> Path:
    (directory / name).mkdir()
    return directory / name


@contextmanager
def our_door(near: Path, builds: str = "instant") -> Iterator[Rival]:
    """Our front door; its builds take no time, or are `held` until someone ends their logs."""
    directory = _fresh(near, "ours")
    home = directory / "home"
    home.mkdir()
    with redis_process(directory) as (url, redis):
        command = [sys.executable, "-m", "bench.door", str(home), url, builds]
        key = _key(directory)
        with running(command, directory / "door.log") as process:
            port_file = home / "run" / "ssh.port"
            wait_for(port_file.exists, "the front door")
            public = key.with_suffix(".pub").read_text()
            platform = Platform.open(settings(home, url))
            platform.store.ssh_keys.add("bench", *parse_public_key(public), "bench")
            port = port_file.read_text().strip()
            yield Rival(
                name="paas",
                pid=process.pid,
                beside=(redis.pid,),
                prefix=f"ssh://paas@127.0.0.1:{port}",
                repositories=home / "repositories",
                ssh_command=_ssh(directory, key),
                prepare=lambda app: None,
                platform=platform,
            )


@contextmanager
def _openssh(directory: Path, name: str, as_ours: bool) -> Iterator[Rival]:
    """With an empty home: root's .bashrc would cost CPU at each connection."""
    (directory / "home").mkdir()
    more = [f"SetEnv HOME={directory}/home", *_BOTH, *(_AS_OURS if as_ours else ())]
    repositories = directory / "repositories"
    repositories.mkdir()

    def prepare(app: str) -> None:
        git(repositories, "init", "-q", "--bare", "-b", "master", f"{app}.git")
        for setting in git_settings(Limits()) if as_ours else ():
            key, _, value = setting.partition("=")
            if key != "core.hooksPath":
                git(repositories / f"{app}.git", "config", "--add", key, value)

    with sshd(directory, more) as (port, pid):
        yield Rival(
            name=name,
            pid=pid,
            beside=(),
            prefix=f"ssh://{getpass.getuser()}@127.0.0.1:{port}{repositories}",
            repositories=repositories,
            ssh_command=_ssh(directory, directory / "client_key"),
            prepare=prepare,
        )


def _key(directory: Path) -> Path:
    key = directory / "client_key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True)
    return key


def _ssh(directory: Path, key: Path) -> str:
    return (
        f"ssh -F none -o Ciphers=^aes128-gcm@openssh.com -i {key} -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR "
        f"-o StrictHostKeyChecking=no -o UserKnownHostsFile={directory}/known_hosts"
    )
