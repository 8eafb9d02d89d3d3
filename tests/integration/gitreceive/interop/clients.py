"""The git clients that the interop table has a column for, each behind the same few verbs."""

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import dulwich.client
import pygit2
from dulwich import porcelain

from tests.integration.gitreceive.front_door import Door, Result, run
from tests.integration.gitreceive.interop import transports
from tests.integration.gitreceive.interop.paramiko_vendor import ParamikoVendor


@dataclass(frozen=True)
class Push:
    """One push: full refspecs, and what else was asked for."""

    specs: Sequence[str]
    force: bool = False
    lease: bool = False
    atomic: bool = False
    options: Sequence[str] = ()


class Client(ABC):
    """A client of one door. Every verb says whether it went well, and what a person saw."""

    def __init__(self, door: Door) -> None:
        self.door = door

    @abstractmethod
    def push(self, work: Path, app: str, push: Push) -> Result: ...

    @abstractmethod
    def clone(self, app: str, directory: Path, depth: int | None = None) -> Result: ...

    @abstractmethod
    def fetch(self, directory: Path, *, unshallow: bool = False) -> Result: ...

    def pull(self, directory: Path) -> Result:
        """Fetch, and move the branch that is checked out."""
        raise NotImplementedError

    def close(self) -> None:
        """End what stays behind a command; mostly nothing does."""
        return


class Git(Client):
    """The git program with a protocol version and a transport."""

    def __init__(self, door: Door, version: str, transport: transports.Transport) -> None:
        super().__init__(door)
        self._version = version
        self._transport = transport
        self._environment = {
            **door.environment,
            "GIT_SSH_COMMAND": " ".join(transport.command(door)),
            "GIT_SSH_VARIANT": transport.variant,
        }

    def run(self, directory: Path, *words: str) -> Result:
        """Any git command."""
        command = ["git", "-c", f"protocol.version={self._version}", *words]
        return run(command, cwd=directory, env=self._environment)

    def push(self, work: Path, app: str, push: Push) -> Result:
        flags = ["--force"] if push.force else []
        flags += ["--force-with-lease"] if push.lease else []
        flags += ["--atomic"] if push.atomic else []
        flags += [word for option in push.options for word in ("-o", option)]
        where = "origin" if push.lease else self.door.url(app)  # a lease needs a remote's name
        return self.run(work, "push", *flags, where, *push.specs)

    def clone(self, app: str, directory: Path, depth: int | None = None) -> Result:
        flags = ["--depth", str(depth)] if depth else []
        return self.run(self.door.home, "clone", *flags, self.door.url(app), str(directory))

    def fetch(self, directory: Path, *, unshallow: bool = False) -> Result:
        return self.run(directory, "fetch", *(["--unshallow"] if unshallow else []))

    def pull(self, directory: Path) -> Result:
        return self.run(directory, "pull", "--ff-only")

    def close(self) -> None:
        self._transport.end(self.door)


class Dulwich(Client):
    """dulwich's porcelain, over OpenSSH or paramiko."""

    def __init__(self, door: Door, *, paramiko: bool) -> None:
        super().__init__(door)
        self._ssh = " ".join(["ssh", *door.options])
        self._key = str(door.home / "id_ed25519")
        self._paramiko = paramiko

    def push(self, work: Path, app: str, push: Push) -> Result:
        def act(shown: io.BytesIO) -> None:
            result = porcelain.push(
                str(work),
                self.door.url(app),
                list(push.specs),
                errstream=shown,
                force=push.force,
                push_options=list(push.options) or None,
                atomic=push.atomic,
                ssh_command=self._ssh,
            )
            bad = {ref: said for ref, said in (result.ref_status or {}).items() if said}
            if bad:
                raise porcelain.Error(str(bad))

        return self._try(act)

    def clone(self, app: str, directory: Path, depth: int | None = None) -> Result:
        def act(shown: io.BytesIO) -> None:
            url = self.door.url(app)
            porcelain.clone(
                url, str(directory), errstream=shown, depth=depth, ssh_command=self._ssh
            ).close()

        return self._try(act)

    def fetch(self, directory: Path, *, unshallow: bool = False) -> Result:
        def act(shown: io.BytesIO) -> None:
            depth = 0x7FFFFFFF if unshallow else None
            with redirect_stdout(io.StringIO()):
                porcelain.fetch(
                    str(directory), "origin", errstream=shown, depth=depth, ssh_command=self._ssh
                )

        return self._try(act)

    def pull(self, directory: Path) -> Result:
        def act(shown: io.BytesIO) -> None:
            porcelain.pull(str(directory), "origin", errstream=shown, ssh_command=self._ssh)

        return self._try(act)

    def _try(self, act: Callable[[io.BytesIO], None]) -> Result:
        shown = io.BytesIO()
        with self._vendor():
            try:
                act(shown)
            except Exception as error:  # noqa: BLE001 - any end but a good one is a refusal
                return Result(1, "", f"{shown.getvalue().decode()}{type(error).__name__}: {error}")
        return Result(0, "", shown.getvalue().decode())

    @contextmanager
    def _vendor(self) -> Iterator[None]:
        before = dulwich.client.get_ssh_vendor
        if self._paramiko:  # the way to choose a vendor that dulwich documents
            dulwich.client.get_ssh_vendor = lambda: ParamikoVendor(self._key)
        try:
            yield
        finally:
            dulwich.client.get_ssh_vendor = before


@dataclass
class _Callbacks(pygit2.RemoteCallbacks):
    key: Path
    shown: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        pair = pygit2.Keypair("paas", str(self.key.with_suffix(".pub")), str(self.key), "")
        super().__init__(credentials=pair)

    def certificate_check(self, certificate: object, valid: bool, host: bytes) -> bool:
        return True

    def sideband_progress(self, string: str) -> None:
        self.shown.append(string)

    def push_update_reference(self, refname: str, message: str | None) -> None:
        if message:
            self.refused.append(f"{refname}: {message}")


class Libgit2(Client):
    """libgit2 with its own SSH (libssh2), by pygit2."""

    def push(self, work: Path, app: str, push: Push) -> Result:
        def act(callbacks: _Callbacks) -> None:
            remote = pygit2.Repository(str(work)).remotes.create_anonymous(self.door.url(app))
            specs = [f"+{spec}" if push.force else spec for spec in push.specs]
            remote.push(specs, callbacks, push_options=list(push.options) or None)

        return self._try(act)

    def clone(self, app: str, directory: Path, depth: int | None = None) -> Result:
        def act(callbacks: _Callbacks) -> None:
            url = self.door.url(app)
            pygit2.clone_repository(url, str(directory), callbacks=callbacks, depth=depth or 0)

        return self._try(act)

    def fetch(self, directory: Path, *, unshallow: bool = False) -> Result:
        def act(callbacks: _Callbacks) -> None:
            remote = pygit2.Repository(str(directory)).remotes["origin"]
            remote.fetch(callbacks=callbacks, depth=0x7FFFFFFF if unshallow else 0)

        return self._try(act)

    def _try(self, act: Callable[[_Callbacks], None]) -> Result:
        callbacks = _Callbacks(self.door.home / "id_ed25519")
        try:
            act(callbacks)
        except (pygit2.GitError, OSError, KeyError, ValueError) as error:
            text = "".join(callbacks.shown)
            return Result(1, "", f"{text}{type(error).__name__}: {error}")
        text = "".join([*callbacks.shown, *callbacks.refused])
        return Result(int(bool(callbacks.refused)), "", text)


CLIENTS: dict[str, Callable[[Door], Client]] = {
    "git v0": lambda door: Git(door, "0", transports.openssh()),
    "git v1": lambda door: Git(door, "1", transports.openssh()),
    "git v2": lambda door: Git(door, "2", transports.openssh()),
    "persist": lambda door: Git(
        door, "2", transports.Transport(transports.control, end=transports.end_control)
    ),
    "rekey": lambda door: Git(door, "2", transports.openssh("-o", "RekeyLimit=16K")),
    "fido": lambda door: Git(door, "2", transports.Transport(transports.fido)),
    "plink": lambda door: Git(door, "2", transports.Transport(transports.plink, "plink")),
    "paramiko": lambda door: Git(door, "2", transports.Transport(transports.paramiko)),
    "dulwich": lambda door: Dulwich(door, paramiko=False),
    "dulwich+paramiko": lambda door: Dulwich(door, paramiko=True),
    "libgit2": Libgit2,
}
