"""How output of strange programs becomes lines."""

import pytest

from builder.docker.text import MAX_CHARS, LineBuffer, plain


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m", "red and green"),
        ("10%\r50%\r100%", "100%"),
        ("windows\r", "windows"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07 null\x00 c1\x9b31m", "bell null c131m"),
        ("reversed \u202eevil", "reversed evil"),
        ("a\tb\u00a0c", "a    b c"),
        ("grün 🎉", "grün 🎉"),
        ("x" * 5000, "x" * (MAX_CHARS - 1) + "…"),
    ],
)
def test_nothing_in_a_line_steers_a_terminal(line: str, expected: str) -> None:
    assert plain(line) == expected


def test_pieces_become_lines_when_their_newline_comes() -> None:
    buffer = LineBuffer()
    assert list(buffer.feed(b"par")) == []
    assert list(buffer.feed("tial\nné".encode()[:-1])) == ["partial"]
    assert list(buffer.feed("é".encode()[1:] + b"xt\n")) == ["néxt"]
    assert list(buffer.feed(b"end")) == []
    assert list(buffer.flush()) == ["end"]
    assert list(buffer.flush()) == []


def test_output_without_any_newline_does_not_pile_up() -> None:
    buffer = LineBuffer()
    lines = [line for _ in range(100) for line in buffer.feed(b"x" * 4096)]
    assert lines
    assert max(map(len, lines)) == MAX_CHARS


def test_output_that_is_not_utf8_is_shown_all_the_same() -> None:
    assert list(LineBuffer().feed(b"caf\xe9\n")) == ["caf\ufffd"]
