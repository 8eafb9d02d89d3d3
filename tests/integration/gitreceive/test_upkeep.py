"""Many pushes: the repository is repacked behind them, and stays small and whole."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest
from dulwich.client import SSHGitClient, SSHVendor
from dulwich.repo import Repo

from gitreceive.limits import Limits
from gitreceive.repository import Repository
from gitreceive.upkeep import Upkeep, packs
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door
from tests.integration.gitreceive.interop.paramiko_vendor import Channel
from tests.services import wait_for

pytestmark = pytest.mark.integration


class _OneConnection(SSHVendor):
    """Every push on a channel of the same connection."""

    def __init__(self, transport: paramiko.Transport) -> None:
        self._transport = transport

    def run_command(self, host: str, command: bytes, **_: object) -> Channel:
        channel = self._transport.open_session()
        channel.exec_command(command)
        return Channel(channel, lambda: None)


@contextmanager
def quick_client(door: Door) -> Iterator[SSHGitClient]:
    """A client that logs in once."""
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.connect(username="paas", pkey=key)
        yield SSHGitClient("127.0.0.1", vendor=_OneConnection(transport))


def push_many(door: Door, work: Path, count: int) -> None:
    """Push so many commits, one by one."""
    with quick_client(door) as client, Repo(str(work)) as repository:
        for number in range(count):
            (work / "file").write_text(f"{number}")
            worktree = repository.get_worktree()
            worktree.stage(["file"])
            head = worktree.commit(b"change %d" % number, author=b"a <a@b>", committer=b"a <a@b>")
            result = client.send_pack(
                b"myapp",
                lambda refs, head=head: {b"refs/heads/master": head},
                repository.generate_pack_data,
                progress=lambda _: None,
            )
            assert result.ref_status == {b"refs/heads/master": None}


def quickest_push(door: Door, name: str) -> float:
    """The shortest of five pushes by git from a new clone, in seconds."""
    assert door.git(door.home, "clone", "-q", door.url("myapp"), name).status == 0
    took = []
    for number in range(5):
        door.commit(door.home / name, f"{name} {number}")
        started = time.monotonic()
        assert door.git(door.home / name, "push", "-q", "origin", "master").status == 0
        took.append(time.monotonic() - started)
    return min(took)


def test_two_hundred_pushes_leave_few_packs_and_the_last_is_as_quick_as_the_first(
    open_with: OPEN,
) -> None:
    door = open_with(Limits(packs=20))
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    early = quickest_push(door, "early")
    door.git(work, "pull", "-q", "paas", "master")
    push_many(door, work, 200)
    wait_for(lambda: len(packs(door.repository())) < 20, "the repack to end")
    late = quickest_push(door, "late")
    assert late < 2 * early, f"{early:.3f} s became {late:.3f} s"
    assert door.git(door.repository(), "fsck", "--strict").status == 0
    assert door.git(door.home, "clone", "-q", door.url("myapp"), "copy").status == 0
    assert door.git(door.home / "copy", "rev-list", "--count", "HEAD").out == "211\n"
    names = [path.name for path in (door.repository() / "objects" / "pack").iterdir()]
    assert [name for name in names if "tmp" in name] == []


def test_a_large_pack_is_left_alone_while_little_was_pushed_since(open_with: OPEN) -> None:
    door = open_with(Limits(packs=5))
    work = door.checkout()
    for number in range(2000):
        (work / f"file{number}").write_text(str(number))
    door.commit(work, "large")
    door.git(work, "push", "paas", "master")
    [large] = packs(door.repository())
    push_many(door, work, 10)
    wait_for(lambda: len(packs(door.repository())) < 5, "the repack to end")
    assert large.exists()


def test_a_repack_that_fails_is_not_tried_again_by_every_push(open_with: OPEN) -> None:
    door = open_with(Limits(packs=3))
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    (broken,) = packs(door.repository())
    upkeep = Upkeep(Limits(packs=1))
    whole = broken.read_bytes()
    broken.chmod(0o644)
    broken.write_bytes(whole[:-8] + b"damaged!")
    broken.with_name("pack-x.pack").write_bytes(b"no pack")
    repository = Repository(door.repository().parent, "myapp")
    before = sorted(door.packs())
    upkeep.look(repository)
    wait_for(lambda: repository.path in upkeep.given_up, "the repack to fail")
    upkeep.look(repository)
    assert not upkeep.is_busy
    assert sorted(door.packs()) == before
    broken.write_bytes(whole)


def test_a_repository_that_is_gone_is_no_error(tmp_path: Path) -> None:
    upkeep = Upkeep(Limits(packs=0))
    upkeep.look(Repository(tmp_path, "gone"))
    wait_for(lambda: not upkeep.is_busy, "the repack to end")
