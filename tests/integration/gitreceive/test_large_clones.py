"""Many packets in a row: whole and in order under each cipher and over new keys in between."""

import random
from dataclasses import replace

import pytest

from tests.integration.gitreceive.front_door import Door

pytestmark = pytest.mark.integration

BYTES = 8_000_000


@pytest.mark.parametrize(
    "cipher", ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr"]
)
@pytest.mark.parametrize("rekey", ["default", "1M"])
def test_what_was_pushed_is_cloned(door: Door, cipher: str, rekey: str) -> None:
    options = [*door.options, "-o", f"Ciphers={cipher}", "-o", f"RekeyLimit={rekey}"]
    client = replace(door, options=options)
    work = client.checkout()
    (work / "big").write_bytes(random.Random(1).randbytes(BYTES))  # noqa: S311 - no secret
    head = client.commit(work, "big")
    pushed = client.git(work, "push", "paas", "master")
    assert pushed.status == 0, pushed.err
    cloned = client.git(client.home, "clone", "-q", client.url("myapp"), "copy")
    assert cloned.status == 0, cloned.err
    assert client.head(client.home / "copy") == head
    assert (client.home / "copy" / "big").read_bytes() == (work / "big").read_bytes()
