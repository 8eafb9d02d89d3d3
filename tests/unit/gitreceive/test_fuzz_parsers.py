"""Whatever comes in, a parser gives an answer or one line of its own; never a bug's traceback."""

import base64
import io
import os
from contextlib import suppress
from itertools import pairwise
from typing import Any

import click
import pytest
from dulwich.errors import GitProtocolError
from dulwich.protocol import pkt_line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitreceive import git
from gitreceive.dispatch import CommandTable, split
from gitreceive.hook import Hook
from gitreceive.keys import BadKey, check_key_name, parse_public_key
from gitreceive.limits import Limits
from gitreceive.pktline import BadPushRequest, CommandGate, ReportFilter
from gitreceive.printable import plain_line, safe_lines
from gitreceive.push import PushRefused, parse_commands
from releases.command import APP, JSON, Command, Session
from releases.domain.app import is_app_name
from releases.errors import BadInput

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

SHA = st.sampled_from(["0" * 40, "1" * 40, "f" * 40, "0" * 64])
REF = st.one_of(
    st.sampled_from(["refs/heads/master", "refs/tags/v1", "HEAD", "refs/heads/../../x"]),
    st.text(max_size=60),
)
LINE = st.one_of(
    st.builds("{} {} {}".format, SHA, SHA, REF), st.sampled_from(["shallow x", "push-cert", ""])
)
PAYLOAD = st.one_of(
    LINE.map(str.encode),
    st.tuples(LINE, st.binary(max_size=40)).map(lambda pair: pair[0].encode() + b"\0" + pair[1]),
    st.just(b"x y z\0 report-status push-options"),
    st.binary(max_size=100),
)
PACKET = st.one_of(PAYLOAD.map(pkt_line), st.just(b"0000"), st.binary(max_size=12))
WORD = st.one_of(st.sampled_from(["git-receive-pack", "git", "upload-pack", "--", "'"]), st.text())


@fuzz
@given(st.lists(WORD, min_size=1, max_size=4))
def test_a_request_of_git_s_is_an_app_by_its_name_or_is_refused(words: list[str]) -> None:
    try:
        request = git.parse_request(words)
    except BadInput:
        return
    if request:
        assert is_app_name(request.app)
        assert request.service in ("receive-pack", "upload-pack")


@fuzz
@given(st.text())
def test_a_command_line_is_words_or_is_refused(line: str) -> None:
    try:
        words = split(line)
    except BadInput:
        return
    assert all(isinstance(word, str) for word in words)


@fuzz
@given(st.lists(PACKET, max_size=12), st.data())
def test_the_gate_passes_what_it_was_given_however_it_was_cut(
    packets: list[bytes], data: st.DataObject
) -> None:
    sent = b"".join(packets)
    whole, cut = CommandGate(Limits()), CommandGate(Limits())
    try:
        assert whole.feed(sent) == sent
        failed = False
    except BadPushRequest:
        failed = True
    at = data.draw(st.lists(st.integers(0, len(sent)), max_size=5))
    edges = [0, *sorted(at), len(sent)]
    parts = [sent[start:end] for start, end in pairwise(edges)]
    try:
        assert b"".join(cut.feed(part) for part in parts) == sent
    except BadPushRequest:
        assert failed
        return
    assert not failed
    assert cut.options == whole.options


@fuzz
@given(st.lists(PACKET, max_size=12), st.text(max_size=20))
def test_a_report_goes_through_the_filter_or_breaks_off(packets: list[bytes], why: str) -> None:
    report = ReportFilter(lambda: why)
    try:
        report.feed(b"".join(packets))
        report.close()
    except GitProtocolError:
        return  # it comes from git itself, which does not send such lengths


@fuzz
@given(st.lists(LINE, max_size=5))
def test_ref_commands_are_read_or_refused(lines: list[str]) -> None:
    try:
        commands = parse_commands(lines)
    except PushRefused:
        return
    assert len(commands) == len(lines)
    assert all(command.old is None or len(command.old) == 40 for command in commands)


@fuzz
@given(st.lists(st.binary(max_size=50), max_size=6))
def test_what_the_hook_hands_over_is_read_to_its_end(lines: list[bytes]) -> None:
    hook = Hook()
    os.write(hook.descriptors[0], b"\n".join([*lines, b"end\n"]))
    hook.started()
    request = hook.request()
    hook.close()
    assert request is None or all("\n" not in command for command in request.commands)


@fuzz
@given(st.text())
def test_a_key_is_read_or_refused_with_one_line(text: str) -> None:
    for read in (parse_public_key, check_key_name):
        with suppress(BadKey):
            read(text)


@fuzz
@given(st.binary(max_size=200), st.sampled_from(["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256"]))
def test_a_damaged_key_is_refused(blob: bytes, kind: str) -> None:
    line = f"{kind} {base64.b64encode(blob).decode()}"
    with pytest.raises(BadKey, match=r"."):
        parse_public_key(line)


@fuzz
@given(st.text())
def test_what_is_shown_has_no_control_characters(text: str) -> None:
    for line in [*safe_lines(text), plain_line(text, 50)]:
        assert "\n" not in line
        assert "\r" not in line
        assert "\x1b[2J" not in line
    assert len(plain_line(text, 50)) <= 50


def _nothing(session: Session, **given: object) -> None:
    """A command's body."""


TABLE = CommandTable(
    [
        Command("apps", "List", _nothing, (JSON,), for_all=True),
        Command("config:set", "Set", _nothing, (APP, click.Argument(["pairs"], nargs=-1))),
        Command("logs", "Logs", _nothing, (APP, click.Option(["-n"], type=click.IntRange(1, 9)))),
    ]
)


class Notes:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def command(self, name: str) -> None:
        """It ran."""
        self.lines.append(name)

    def refused(self, why: str) -> None:
        """It may not run."""
        self.lines.append(why)


TYPED = st.one_of(
    st.sampled_from(["apps", "config:set", "logs", "help", "-n", "--json", "--help", "mine", "--"]),
    st.text(),
)


@fuzz
@given(st.lists(TYPED, max_size=5))
def test_a_command_runs_or_is_one_line_and_a_limited_key_reaches_its_own_app_only(
    words: list[str],
) -> None:
    out, errors, unused = io.StringIO(), io.StringIO(), Any
    notes = Notes()
    session = Session(unused, "ci", io.BytesIO(), out, only=("mine",))  # type: ignore[arg-type]  # no command here looks at the platform
    status = TABLE.run(words, session, errors, notes)
    assert status in (0, 2, 77, 127)
    assert errors.getvalue().count("\n") == (status != 0)
    for line in notes.lines if status == 0 else ():
        assert line in ("apps", "help", "config:set of mine", "logs of mine")
