"""What may reach a person's terminal."""

import pytest

from gitreceive.printable import plain_line, safe_line, safe_lines


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain \u00e4 \U0001f600\ttab", "plain \u00e4 \U0001f600\ttab"),
        ("10%\r20%\r30%", "30%"),
        ("dos line\r", "dos line"),
        ("\x1b[1;32mok\x1b[0m", "\x1b[1;32mok\x1b[0m"),
        ("\x1b[31mleft red", "\x1b[31mleft red\x1b[0m"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq\x1b\\sixel", "sixel"),
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("\u202eevil\u2069", "evil"),
        ("\x1b[?25l\x1b(B", "(B"),
    ],
)
def test_a_line_keeps_text_and_colours_only(line: str, shown: str) -> None:
    assert safe_line(line) == shown


def test_several_lines_stay_several() -> None:
    assert safe_lines("a\nb\r\n") == ["a", "b", ""]
    assert safe_lines("") == [""]


def test_a_reason_is_one_bounded_line() -> None:
    assert plain_line("it \x1b[31mfailed\x1b[0m\n  badly\t", 200) == "it failed badly"
    assert plain_line("x" * 300, 10) == "xxxxxxx..."
    assert plain_line("\n", 20) == "no reason given"
