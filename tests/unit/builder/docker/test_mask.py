"""How secret values are kept out of what a build prints."""

import pytest

from builder.docker.mask import mask_of
from builder.docker.text import MAX_CHARS, LineBuffer


@pytest.mark.parametrize(
    ("values", "text", "shown"),
    [
        (["hunter22"], "password hunter22!", "password ****!"),
        (["hunter22"], "hunter22hunter22", "********"),
        (["abcd", "abcdef"], "abcdef abcd", "**** ****"),
        (["first line\nsecond line"], "second line of it", "**** of it"),
        (["a+b.c*d"], "a+b.c*d axb.c*d", "**** axb.c*d"),
        (["it's so"], """NAME='it'"'"'s so'""", "NAME='****'"),
        (["  spaces  "], "[  spaces  ]", "[  ****  ]"),
        (["tab\tbed"], "tab    bed", "****"),
        (["abc"], "abc", "abc"),
        (["x\ny"], "x y", "x y"),
        ([], "anything", "anything"),
    ],
)
def test_a_value_of_four_characters_or_more_is_not_shown(
    values: list[str], text: str, shown: str
) -> None:
    assert mask_of(values)(text) == shown


def test_a_value_is_masked_under_colours_and_in_pieces() -> None:
    buffer = LineBuffer(mask_of(["s3cret-token"]))
    pieces = [b"token=\x1b[31ms3c\x1b[0mret", b"-token\n", b"s3cret-token"]
    lines = [line for piece in pieces for line in buffer.feed(piece)]
    assert [*lines, *buffer.flush()] == ["token=****", "****"]


def test_no_half_of_a_value_is_left_where_a_long_line_is_cut() -> None:
    line = "x" * (MAX_CHARS - 6) + "s3cret-token\n"
    (shown,) = LineBuffer(mask_of(["s3cret-token"])).feed(line.encode())
    assert "s3c" not in shown
