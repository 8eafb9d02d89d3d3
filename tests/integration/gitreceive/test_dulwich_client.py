"""A second git client, so that we do not only please the first: dulwich."""

from pathlib import Path

import pytest
from dulwich.client import SSHGitClient
from dulwich.repo import Repo

from tests.integration.gitreceive.front_door import Door, fail

pytestmark = pytest.mark.integration


@pytest.fixture
def client(door: Door) -> SSHGitClient:
    """dulwich's client with the key that may log in."""

    command = " ".join(["ssh", *door.options])
    return SSHGitClient("127.0.0.1", door.server.port, "paas", ssh_command=command)


def push(client: SSHGitClient, work: Path, shown: list[bytes]) -> dict[bytes, str | None]:
    """Push master; return what the server says of each ref (None is good)."""
    with Repo(str(work)) as repository:
        head = repository.head()
        result = client.send_pack(
            b"myapp",
            lambda refs: {b"refs/heads/master": head},
            repository.generate_pack_data,
            progress=shown.append,
        )
    return dict(result.ref_status or {})


def test_dulwich_pushes_sees_the_lines_and_clones(door: Door, client: SSHGitClient) -> None:
    work = door.checkout()
    shown: list[bytes] = []
    assert push(client, work, shown) == {b"refs/heads/master": None}
    assert b"-----> Deployed v1" in b"".join(shown)
    copy = client.clone("myapp", str(door.home / "copy"), mkdir=True)
    assert copy.head().decode() == door.head(work)
    copy.close()


def test_dulwich_is_told_the_reason_of_a_refusal(door: Door, client: SSHGitClient) -> None:
    work = door.checkout()
    door.builder.script = fail("no luck")
    assert push(client, work, []) == {b"refs/heads/master": "no luck"}
