"""What a branch that deploys may be called."""

import pytest

from releases.domain.app import App
from releases.domain.branch import BadBranchName, check_branch, parse_branches


@pytest.mark.parametrize("name", ["main", "release/2026", "caf\u00e9", "v1.0"])
def test_what_git_takes_is_taken(name: str) -> None:
    assert check_branch(name) == name


@pytest.mark.parametrize(
    "name", ["", "-f", "a b", "a..b", "a.lock", "/a", "a/", "a~1", "a\nb", "@{u}", "x" * 201]
)
def test_what_git_refuses_is_refused(name: str) -> None:
    with pytest.raises(BadBranchName):
        check_branch(name)


def test_a_list_keeps_its_order_and_drops_repetitions() -> None:
    assert parse_branches("main, master,main") == ("main", "master")
    with pytest.raises(BadBranchName):
        parse_branches("main,")


def test_an_apps_own_branch_goes_before_the_platforms() -> None:
    app = App("myapp", 0.0, "alice", {})
    assert app.deploy_branches("main,master") == ("main", "master")
    assert App("myapp", 0.0, "alice", {}, deploy_branch="live").deploy_branches("main") == ("live",)
