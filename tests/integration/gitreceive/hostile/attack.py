"""One hostile push: what is sent, what must be said, and what must be true afterwards."""

from dataclasses import dataclass

from dulwich.protocol import PktLineParser

from tests.integration.gitreceive.hostile.victim import MEGABYTE, Answer, Victim
from tests.services import wait_for

APP = "target"
PUSH = b"git-receive-pack 'target'"
OURS_MB = 80  # the most our own process may ever have


@dataclass(frozen=True)
class Case:
    """A push that has to be refused."""

    name: str
    sent: bytes
    says: str  # what the answer holds

    def __str__(self) -> str:
        return self.name


def refused(door: Victim, case: Case) -> Answer:
    """Send it; assert that it was refused with a word, left nothing, and hurt nobody else."""
    settle(door)
    before = door.left(APP)
    answer = door.call(PUSH, case.sent)
    shown = said(answer)
    assert case.says in shown
    assert "internal error" not in shown
    assert "\nok refs/" not in shown
    assert ("\nng " in shown) != (answer.status != 0)
    settle(door)
    assert door.left(APP) == before
    assert_unharmed(door)
    return answer


def said(answer: Answer) -> str:
    """All that a person is told, in whatever packets it came, and the report on each ref."""
    shown: list[bytes] = []
    report: list[bytes] = []
    _, _, packets = answer.out.partition(b"\n0000")
    parser = PktLineParser(lambda packet: _sort(packet, shown, report))
    parser.parse(packets)
    lines: list[bytes | None] = []
    PktLineParser(lines.append).parse(b"".join(report))
    return b"".join([answer.err, *shown, b"\n", *(line or b"" for line in lines)]).decode()


def _sort(packet: bytes | None, shown: list[bytes], report: list[bytes]) -> None:
    if packet:
        (report if packet[:1] == b"\x01" else shown).append(packet[1:])


def settle(door: Victim) -> None:
    """Wait until no process of a push is left."""
    wait_for(lambda: not door.children(), "git to end")


def assert_unharmed(door: Victim) -> None:
    """An honest push works, and the process is as small as it promised."""
    assert door.push_honestly() == ""
    assert door.peak_bytes() < OURS_MB * MEGABYTE
