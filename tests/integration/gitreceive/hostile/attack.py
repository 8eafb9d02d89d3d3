"""One hostile push: what is sent, what must be said, and what must be true afterwards."""

from dataclasses import dataclass

from dulwich.protocol import PktLineParser

from tests.integration.gitreceive.hostile.victim import Answer, Victim
from tests.services import wait_for

APP = "target"
PUSH = b"git-receive-pack 'target'"
GROWTH_MB = 8  # the most that our own process may take for one push; git has limits of its own


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
    door.weigh()
    answer = door.call(PUSH, case.sent)
    shown = said(answer)
    assert case.says in shown
    assert "internal error" not in shown
    assert "\nok refs/" not in shown
    assert ("\nng " in shown) != (answer.status != 0)
    settle(door)
    assert door.left(APP) == before
    assert door.grown_mb() <= GROWTH_MB
    assert door.push_honestly() == ""
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
    return b"".join([answer.err, *shown, b"\n", *(line or b"" for line in lines)]).decode(
        errors="replace"
    )


def _sort(packet: bytes | None, shown: list[bytes], report: list[bytes]) -> None:
    if packet:
        (report if packet[:1] == b"\x01" else shown).append(packet[1:])


def settle(door: Victim) -> None:
    """Wait until no process of a push is left."""
    wait_for(lambda: not door.children(), "git to end")
