"""How the public keys that may log in are kept."""

import pytest

from releases.store import Store
from releases.store.ssh_keys import DuplicateKey, NoSuchKey

pytestmark = pytest.mark.integration
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA"


def test_a_key_that_was_added_may_log_in(store: Store) -> None:
    added = store.ssh_keys.add("laptop", "SHA256:aaa", LINE, "alice")
    assert (added.name, added.line, added.added_by) == ("laptop", LINE, "alice")
    assert store.ssh_keys.find("SHA256:aaa") == added
    assert store.ssh_keys.get("laptop") == added
    assert store.ssh_keys.get("SHA256:aaa") == added


def test_a_key_that_was_not_may_not(store: Store) -> None:
    assert store.ssh_keys.find("SHA256:aaa") is None
    with pytest.raises(NoSuchKey, match="no key laptop; `keys` lists them"):
        store.ssh_keys.get("laptop")


def test_a_name_is_given_once(store: Store) -> None:
    store.ssh_keys.add("laptop", "SHA256:aaa", LINE, "alice")
    with pytest.raises(DuplicateKey, match="a key named laptop exists already"):
        store.ssh_keys.add("laptop", "SHA256:bbb", LINE, "alice")
    assert store.ssh_keys.find("SHA256:bbb") is None


def test_a_key_is_there_once_and_its_name_is_said(store: Store) -> None:
    store.ssh_keys.add("laptop", "SHA256:aaa", LINE, "alice")
    with pytest.raises(DuplicateKey, match="this key is there already, as laptop"):
        store.ssh_keys.add("desktop", "SHA256:aaa", LINE, "alice")
    assert [key.name for key in store.ssh_keys.list()] == ["laptop"]


def test_keys_are_listed_by_name(store: Store) -> None:
    for name in ("c", "a", "b"):
        store.ssh_keys.add(name, f"SHA256:{name}", LINE, "alice")
    assert [key.name for key in store.ssh_keys.list()] == ["a", "b", "c"]


@pytest.mark.parametrize("by", ["laptop", "SHA256:aaa"])
def test_a_key_is_removed_by_name_or_fingerprint(store: Store, by: str) -> None:
    store.ssh_keys.add("laptop", "SHA256:aaa", LINE, "alice")
    store.ssh_keys.add("desktop", "SHA256:bbb", LINE, "alice")
    assert store.ssh_keys.remove(by).name == "laptop"
    assert store.ssh_keys.find("SHA256:aaa") is None
    assert [key.name for key in store.ssh_keys.list()] == ["desktop"]
    with pytest.raises(NoSuchKey):
        store.ssh_keys.remove(by)
