"""How the subject of a commit becomes the title of its build."""

import pytest

from builder.record.title import MAX_CHARS, title_of


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Fix the cart", "Fix the cart"),
        ("  Fix \t the   cart ", "Fix the cart"),
        ("\x1b[31mFix\x1b[0m the\x07 cart\x1b]0;owned\x07", "Fix the cart"),
        ("Fix \u202ethe cart", "Fix the cart"),
        ("Warenkorb geflickt: Ümläute 🛒", "Warenkorb geflickt: Ümläute 🛒"),
        ("", ""),
    ],
)
def test_a_title_is_what_can_be_printed_of_a_subject(subject: str, title: str) -> None:
    assert title_of(subject) == title


def test_a_long_subject_is_cut() -> None:
    title = title_of("x" * 5000)
    assert (len(title), title[-1]) == (MAX_CHARS, "…")
