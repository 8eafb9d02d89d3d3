"""The event log: who came in, what was asked for, what was refused, and no secret."""

import json
import subprocess

import paramiko
import pytest

from gitreceive.limits import Limits
from releases.network import parse_networks
from releases.store.events import Event
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door, admit, fail, make_key, run
from tests.services import wait_for

pytestmark = pytest.mark.integration


def lines(door: Door) -> list[tuple[str, str, str]]:
    """All events: kind, who, text."""
    return [(event.kind, event.key, event.text) for event in door.platform.store.events.latest(99)]


def stranger(door: Door) -> Event:
    """The event about someone without a key, once it is there."""
    wait_for(lambda: any(not e.key for e in door.platform.store.events.latest(9)), "the event")
    return next(event for event in door.platform.store.events.latest(9) if not event.key)


def test_a_login_and_a_command_are_there_with_key_fingerprint_and_address(door: Door) -> None:
    door.ssh("version")
    login, command = door.platform.store.events.latest(9)
    assert (login.kind, login.key, login.text) == ("login", "alice", "logged in")
    assert (command.kind, command.key, command.text) == ("command", "alice", "version")
    assert login.fingerprint.startswith("SHA256:")
    assert login.address == "127.0.0.1"


def test_no_word_of_a_command_is_recorded_anywhere(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for line in ("echo TOKEN=hunter2", "hunter2=1", "keys hunter2", "version 'hunter2"):
        door.ssh(line)
    door.wait_idle()
    assert ("command", "alice", "echo") in lines(door)
    assert "hunter2" not in str(lines(door)) + caplog.text


def test_a_shared_connection_logs_in_once(door: Door) -> None:
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.connect(username="paas", pkey=key)
        for _ in range(3):
            channel = transport.open_session(timeout=20)
            channel.exec_command("version")
            channel.recv_exit_status()
    assert [kind for kind, _, _ in lines(door)] == ["login", *["command"] * 3]


def test_pushes_are_there_with_their_results(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    first = door.head(work)[:7]
    door.git(work, "push", "paas", "master")
    door.builder.script = fail("no luck")
    door.commit(work, "second")
    door.git(work, "push", "paas", "master")
    door.git(work, "clone", "-q", door.url("myapp"), "copy")
    door.wait_idle()
    assert [line for line in lines(door) if line[0] != "login"] == [
        ("push", "alice", f"myapp accepted: master is {first}"),
        ("push", "alice", "myapp nothing new"),
        ("push", "alice", "myapp refused: no luck"),
        ("command", "alice", "clone of myapp"),
    ]


def test_a_push_that_git_refuses_says_so(open_with: OPEN) -> None:
    door = open_with(Limits(push_bytes=10))
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    door.wait_idle()
    kind, _, text = lines(door)[-1]
    assert (kind, text.startswith("myapp refused by git: unpack ")) == ("push", True)


def test_what_cannot_be_served_is_a_refusal(door: Door) -> None:
    door.ssh("git-receive-pack ../x")
    door.ssh("git-upload-pack nosuchapp")
    door.wait_idle()
    refused = [text for kind, _, text in lines(door) if kind == "refused"]
    assert refused[0].startswith("app name '../x' cannot be used")
    assert refused[1].startswith("app nosuchapp does not exist")


def test_a_stranger_s_key_is_one_line_and_a_friend_s_other_keys_are_none(door: Door) -> None:
    other = make_key(door.home / "id_other")
    both = [*door.options[:-1], str(other), "-i", door.options[-1], "-p", str(door.server.port)]
    assert run(["ssh", *both, "paas@127.0.0.1", "version"]).status == 0
    options = [*door.options[:-1], str(other), "-p", str(door.server.port)]
    run(["ssh", *options, "paas@127.0.0.1", "version"])
    event = stranger(door)
    assert event.text == "offered a key that may not log in"
    assert event.fingerprint == run(["ssh-keygen", "-lf", f"{other}.pub"]).out.split()[1]
    assert len(door.platform.store.events.latest(99)) == 3


def test_an_address_that_is_not_allowed_is_cut_off_and_noted(open_with: OPEN) -> None:
    door = open_with(Limits(allow_from=parse_networks("192.0.2.0/24")))
    assert door.ssh("version").status == 255
    assert stranger(door).text == "connected from an address outside of allow_from"


def test_strangers_do_not_push_out_what_key_holders_did(door: Door) -> None:
    events = door.platform.store.events
    events.add("push", "kept", key="alice")
    pipe = door.platform.store._redis.pipeline()
    for _ in range(12_000):
        pipe.xadd("paas:events:strangers", {"kind": "refused", "text": "x"}, maxlen=10_000)
    pipe.execute()
    assert "kept" in [event.text for event in events.latest(20_000)]


def test_events_are_shown_as_lines_and_as_json(door: Door) -> None:
    door.ssh("version")
    shown = door.ssh("events", "-n", "2").out.splitlines()
    assert len(shown) == 2
    assert shown[1].endswith("127.0.0.1  events")
    [latest] = json.loads(door.ssh("events", "-n", "1", "--json").out)
    assert (latest["kind"], latest["key"], latest["text"]) == ("command", "alice", "events")


def test_events_can_be_followed(door: Door) -> None:
    command = [*door.ssh_command, "paas@127.0.0.1", "events", "-f", "-n", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        assert following.stdout.readline().endswith("  events\n")
        door.ssh("version")
        assert following.stdout.readline().endswith("  logged in\n")
        assert following.stdout.readline().endswith("  version\n")
        following.terminate()
    door.wait_idle()


def test_an_event_that_cannot_be_recorded_stops_nobody(door: Door) -> None:
    door.platform.store._redis.set("paas:events", "not a stream")
    assert door.ssh("version").out == "paas 0.1.0\n"


def admit_limited(door: Door, *apps: str) -> list[str]:
    """A key for these apps; return ssh's words with it."""
    key = make_key(door.home / "id_ci")
    admit(door.platform, "tmp", key)
    line = door.platform.store.ssh_keys.remove("tmp").line
    added = door.ssh("keys:add", "ci", line, "--only", ",".join(apps))
    assert added.out.endswith(f"       It is for {', '.join(apps)} only\n")
    return ["ssh", *door.options[:-1], str(key), "-p", str(door.server.port), "paas@127.0.0.1"]


def test_a_limited_key_pushes_and_clones_its_own_apps_only(door: Door) -> None:
    words = admit_limited(door, "myapp", "other")
    work = door.checkout()
    environment = {**door.environment, "GIT_SSH_COMMAND": " ".join(words[:-1])}
    pushed = run(["git", "push", "paas", "master"], cwd=work, env=environment)
    assert pushed.status == 0
    for verb in (["push", door.url("theirs"), "master"], ["clone", door.url("theirs"), "copy"]):
        refused = run(["git", *verb], cwd=work, env=environment)
        assert " !     this key is for myapp, other only, and not for theirs" in refused.err
    assert door.platform.store.apps.names() == ["myapp"]
    refusals = [text for kind, _, text in lines(door) if kind == "refused"]
    assert refusals == ["this key is for myapp, other only, and not for theirs"] * 2


def test_a_limited_key_cannot_manage_keys(door: Door) -> None:
    words = admit_limited(door, "myapp")
    for command in ("keys", "keys:add x", "keys:remove alice", "events"):
        refused = run([*words, command])
        assert (refused.status, "this key is for myapp only" in refused.err) == (77, True), command
    assert run([*words, "help"]).status == 0
    shown = json.loads(door.ssh("keys", "--json").out)
    assert [(key["name"], key["only"]) for key in shown] == [("alice", []), ("ci", ["myapp"])]
    assert door.ssh("keys").out.splitlines()[2].split()[3] == "myapp"


def test_the_last_key_for_all_apps_stays(door: Door) -> None:
    admit_limited(door, "myapp")
    assert "alice is the last key for all apps" in door.ssh("keys:remove", "alice").err
    assert door.ssh("keys:remove", "ci").status == 0
