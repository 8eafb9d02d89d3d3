"""What a container runtime says of a program that it cannot run is told from what programs say."""

from collections.abc import Iterator

import pytest

from releases.engine.opening import checked
from releases.engine.program import CannotRun, Output

TINI = [b"[FATAL tini (7)] ", b"exec nope failed: No such file or directory", b"\n"]
EXEC = (
    b"OCI runtime exec failed: exec failed: unable to start container process: "
    b'exec: "nope": executable file not found in $PATH: unknown\r\n'
)


def outputs(*pieces: bytes) -> list[Output]:
    """What a program wrote, piece by piece."""
    return list(checked(Output(piece) for piece in pieces))


@pytest.mark.parametrize("pieces", [TINI, [b"".join(TINI).replace(b"\n", b"\r\n")], [EXEC]])
def test_a_program_that_is_not_there_is_an_error_with_the_shells_status(
    pieces: list[bytes],
) -> None:
    with pytest.raises(CannotRun, match=r"^nope cannot be run in the container: ") as refused:
        outputs(*pieces)
    assert refused.value.exit_status == 127


def test_one_that_may_not_be_run_has_the_other_status() -> None:
    with pytest.raises(CannotRun) as refused:
        outputs(b"[FATAL tini (7)] exec /www failed: Permission denied\n")
    assert refused.value.exit_status == 126


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"hello\n", b"world"],
        [b"[", b"F", b"A"],
        [*TINI, b"and more"],
        [b"".join(TINI) + b"and more\n"],
        [b"[FATAL tini (7)] of something else\n"],
        [b"[FATAL tini (7)] exec " + b"x" * 5000 + b" failed: so\n"],
    ],
)
def test_all_else_is_passed_on_as_it_came(pieces: list[bytes]) -> None:
    assert [output.data for output in outputs(*pieces)] == pieces


def test_nothing_is_held_back_that_cannot_be_such_a_line() -> None:
    def pieces() -> Iterator[Output]:
        yield Output(b"$ ")
        raise AssertionError("the first piece is to be passed on before the next is waited for")

    assert next(checked(pieces())).data == b"$ "
