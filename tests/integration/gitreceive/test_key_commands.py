"""`keys`, `keys:add` and `keys:remove` over real SSH."""

import json

import pytest

from tests.integration.gitreceive.front_door import Door, make_key, run

pytestmark = pytest.mark.integration


def fingerprint(door: Door, name: str) -> str:
    """What OpenSSH itself says."""
    shown = run(["ssh-keygen", "-l", "-f", str(door.home / f"{name}.pub")])
    return shown.out.split()[1]


def test_a_key_added_from_standard_input_may_log_in(door: Door) -> None:
    key = make_key(door.home / "id_bob")
    public = key.with_suffix(".pub").read_text()
    added = door.ssh("keys:add", "bob", stdin=public)
    assert added.out == f"-----> Added key bob, {fingerprint(door, 'id_bob')}\n"
    options = [*door.options[:-1], str(key), "-p", str(door.server.port)]
    shown = run(["ssh", *options, "paas@127.0.0.1", "echo"])
    assert shown.out.startswith("('bob',")


def test_a_key_can_be_given_as_arguments(door: Door) -> None:
    public = make_key(door.home / "id_bob").with_suffix(".pub").read_text()
    assert door.ssh("keys:add", "bob", public).status == 0
    [_, bob] = json.loads(door.ssh("keys", "--json").out)
    assert bob["name"] == "bob"
    assert bob["line"] == public.rsplit(" ", 1)[0], "the comment is not kept"
    assert bob["added_by"] == "alice"


def test_keys_lists_names_types_and_fingerprints(door: Door) -> None:
    header, alice = door.ssh("keys").out.splitlines()
    assert header.split() == ["NAME", "TYPE", "FINGERPRINT", "APPS", "ADDED", "(UTC)", "BY"]
    assert alice.split()[:4] == ["alice", "ssh-ed25519", fingerprint(door, "id_ed25519"), "all"]


def test_a_second_key_of_one_name_and_a_second_name_for_one_key_are_refused(door: Door) -> None:
    public = make_key(door.home / "id_bob").with_suffix(".pub").read_text()
    again = door.ssh("keys:add", "alice", stdin=public)
    assert (again.status, again.err.startswith(" !     a key named alice exists")) == (1, True)
    door.ssh("keys:add", "bob", stdin=public)
    twice = door.ssh("keys:add", "carol", stdin=public)
    assert (twice.status, "as bob" in twice.err) == (1, True)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", "no key given"),
        ("garbage", "'garbage' is no type of public key"),
        ("x" * 70_000, "this is too long for a public key"),
    ],
)
def test_what_is_no_key_is_refused_with_one_line(door: Door, given: str, complaint: str) -> None:
    refused = door.ssh("keys:add", "bob", stdin=given)
    assert refused.status == 2
    assert complaint in refused.err
    assert len(json.loads(door.ssh("keys", "--json").out)) == 1


def test_keys_are_removed_by_name_or_fingerprint_but_not_the_last(door: Door) -> None:
    for name in ("bob", "carol"):
        public = make_key(door.home / f"id_{name}").with_suffix(".pub").read_text()
        door.ssh("keys:add", name, stdin=public)
    assert door.ssh("keys:remove", "bob").status == 0
    assert door.ssh("keys:remove", fingerprint(door, "id_carol")).status == 0
    missing = door.ssh("keys:remove", "bob")
    assert (missing.status, missing.err) == (1, " !     no key bob; `keys` lists them\n")
    last = door.ssh("keys:remove", "alice")
    assert last.status == 1
    assert last.err.startswith(" !     alice is the last key")
    assert door.ssh("version").status == 0


def test_a_key_is_a_build_hosts_or_for_some_apps_and_not_both(door: Door) -> None:
    public = make_key(door.home / "id_bob").with_suffix(".pub").read_text()
    refused = door.ssh("keys:add", "bob", "--only", "myapp", "--build-host", stdin=public)
    assert (refused.status, "contradict" in refused.err) == (2, True)
