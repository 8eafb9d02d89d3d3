"""How pairs become a config change, and what it does to a config."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releases.domain.config import (
    MAX_BUILD_BYTES,
    MAX_BYTES,
    BadConfig,
    ConfigChange,
    check_build_config,
    check_name,
    check_size,
    parse_pairs,
)

AWKWARD = [
    "two words", "it's \"quoted\"", "line\nbreak\r\n", "grüße 🚀", "a=b=c", "$HOME $(id) `id`",
    "", " ", "\\", "%s", "\t", "#", "-----",
]  # fmt: skip
NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,20}\Z").filter(lambda name: name != "PORT")
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize("value", AWKWARD)
def test_a_value_is_kept_exactly(value: str) -> None:
    assert parse_pairs([f"KEY={value}"]) == {"KEY": value}


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_any_text_without_nul_is_kept_exactly(config: dict[str, str]) -> None:
    assert parse_pairs(f"{name}={value}" for name, value in config.items()) == config


def test_several_pairs_are_one_change_and_the_last_of_a_name_wins() -> None:
    assert parse_pairs(["A=1", "B=2", "A=3"]) == {"A": "3", "B": "2"}


def test_no_pair_is_refused() -> None:
    with pytest.raises(BadConfig, match="nothing to set; use `config:set"):
        parse_pairs([])


def test_a_word_without_equals_is_refused_and_says_how_to_quote() -> None:
    with pytest.raises(BadConfig, match="'words' is not KEY=value; over ssh"):
        parse_pairs(["KEY=two", "words"])


@pytest.mark.parametrize(
    "name", ["", "1A", "A-B", "A B", "A.B", "Ä", "A\n", " A", "A" * 201, "$(id)"]
)
def test_a_name_that_no_shell_takes_is_refused(name: str) -> None:
    with pytest.raises(BadConfig, match="cannot be used"):
        parse_pairs([f"{name}=x"])
    with pytest.raises(BadConfig, match="cannot be used"):
        check_name(name)


def test_a_nul_byte_is_refused_and_the_value_is_not_repeated() -> None:
    with pytest.raises(BadConfig, match="KEY: the value has a NUL byte") as refused:
        parse_pairs(["KEY=secret\0"])
    assert "secret" not in str(refused.value)


def test_a_value_that_is_not_unicode_is_refused() -> None:
    not_utf8 = b"KEY=\xff".decode(errors="surrogateescape")
    with pytest.raises(BadConfig, match="KEY: the value is not UTF-8"):
        parse_pairs([not_utf8])


@pytest.mark.parametrize("port", ["1", "80", "65535"])
def test_port_may_be_a_port(port: str) -> None:
    assert parse_pairs([f"PORT={port}"]) == {"PORT": port}


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "80x", " 80", "8e1", "٣", "web", "²"])
def test_port_may_be_nothing_else(port: str) -> None:
    with pytest.raises(BadConfig, match="PORT must be a number from 1 to 65535"):
        parse_pairs([f"PORT={port}"])


def test_a_change_sets_and_removes_and_leaves_the_rest() -> None:
    before = {"A": "1", "B": "2", "C": "3"}
    change = ConfigChange({"A": "9", "D": "4"}, ("B", "NEVER_SET"))
    assert change.apply(before) == {"A": "9", "C": "3", "D": "4"}
    assert before == {"A": "1", "B": "2", "C": "3"}


def test_the_title_names_names_and_no_values() -> None:
    assert ConfigChange({"A": "secret", "B": "2"}).title == "Set A, B"
    assert ConfigChange(removed=("A",)).title == "Unset A"
    assert ConfigChange({"A": "1"}, ("B",)).title == "Set A; Unset B"


def test_a_change_never_shows_its_values_by_accident() -> None:
    assert "secret" not in repr(ConfigChange({"A": "secret"}))


def test_a_config_that_no_process_could_be_given_is_refused() -> None:
    check_size({"A": "x" * (MAX_BYTES - 3)})
    with pytest.raises(BadConfig, match=f"{MAX_BYTES + 1} bytes; the limit is {MAX_BYTES}"):
        check_size({"A": "x" * (MAX_BYTES - 2)})


def test_the_size_counts_bytes_and_not_letters() -> None:
    with pytest.raises(BadConfig, match="limit"):
        check_size({"A": "ü" * (MAX_BYTES // 2)})


def test_a_build_config_that_no_secret_could_hold_is_refused() -> None:
    check_build_config({"A": "x" * (MAX_BUILD_BYTES - 3)})
    with pytest.raises(BadConfig, match=f"the limit is {MAX_BUILD_BYTES}"):
        check_build_config({"A": "x" * MAX_BUILD_BYTES})
