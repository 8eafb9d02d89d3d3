"""What an app and its process types may be called, and what runs before anybody scales."""

import pytest

from releases.domain.app import BadAppName, check_app_name, default_formation, is_process_type


@pytest.mark.parametrize("name", ["a", "7", "myapp", "my-app-2", "a" * 48, "2048", "x--y"])
def test_a_dns_label_is_an_app_name(name: str) -> None:
    assert check_app_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "a/b", "a_b", "a;b", "$a", "a|b", "a&b", "App", "a:b", "-a", "a-", "a.b", "a b",
        "a\n", "\na", "..", "a" * 49, "ünicode", "\u0430pp", "٣", "a`id`", "--help",
    ],
)  # fmt: skip
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(BadAppName, match="cannot be used"):
        check_app_name(name)


@pytest.mark.parametrize("name", ["a/b", "line\nbreak", "x" * 5000])
def test_the_refusal_is_one_short_line(name: str) -> None:
    with pytest.raises(BadAppName) as refused:
        check_app_name(name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200
    assert refused.value.exit_status == 2


@pytest.mark.parametrize("name", ["web", "worker", "Web", "web_2", "web-2", "a" * 32, "2"])
def test_a_procfile_may_name_it(name: str) -> None:
    assert is_process_type(name)


@pytest.mark.parametrize("name", ["", "-web", "web-", "_web", "web.1", "a" * 33, "we b", "web\n"])
def test_a_procfile_may_not_name_it(name: str) -> None:
    assert not is_process_type(name)


def test_one_web_and_nothing_else_runs_until_someone_scales() -> None:
    processes = {"web": "serve", "worker": "work", "clock": None}
    assert default_formation(processes) == {"web": 1, "worker": 0, "clock": 0}


def test_an_app_without_web_runs_nothing_until_someone_scales() -> None:
    assert default_formation({"worker": "work"}) == {"worker": 0}
