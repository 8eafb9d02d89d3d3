"""What the release history says of a build that was deployed."""

from typing import Any

import pytest

from releases.domain.build import Build, BuildOptions, BuildStatus

SHA, LIVE = "3f9ac21" + "0" * 33, "1" * 40


@pytest.mark.parametrize(
    ("known", "deed"),
    [
        ({}, "Deploy 3f9ac21"),
        ({"title": "Fix the cart"}, "Deploy 3f9ac21: Fix the cart"),
        (
            {"title": "Fix the cart", "since": LIVE, "commits": 3},
            "Deploy 3f9ac21: Fix the cart (3 commits)",
        ),
        ({"title": "Fix the cart", "since": LIVE, "commits": 1}, "Deploy 3f9ac21: Fix the cart"),
        (
            {"title": "Fix the cart", "options": BuildOptions(rebuild=True)},
            "Rebuild 3f9ac21: Fix the cart",
        ),
    ],
)
def test_a_deploy_names_commit_subject_and_how_many_commits(
    known: dict[str, Any], deed: str
) -> None:
    build = Build(
        "myapp", 1, SHA, "refs/heads/main", "ada", "log", BuildStatus.SUCCEEDED, 0.0, **known
    )
    assert build.deed(LIVE) == deed


def test_commits_are_not_counted_from_what_is_live_no_more() -> None:
    build = Build(
        "myapp", 1, SHA, "refs/heads/main", "ada", "log", BuildStatus.SUCCEEDED, 0.0,
        title="Fix the cart", since="2" * 40, commits=3,
    )  # fmt: skip
    assert build.deed(LIVE) == "Deploy 3f9ac21: Fix the cart"
