"""What `git push -o` may ask for."""

import pytest

from gitreceive.options import check_nothing_to_deploy, parse_options, stored_only
from gitreceive.push import PushRefused, RefCommand
from releases.domain.build import AS_USUAL, BuildOptions


def test_without_options_a_push_deploys_as_usual() -> None:
    options = parse_options([])
    assert (options.deploys, options.build) == (True, AS_USUAL)


def test_each_option_asks_for_one_thing() -> None:
    assert parse_options(["no-cache"]).build == BuildOptions(no_cache=True)
    assert parse_options(["redeploy"]).build == BuildOptions(redeploy=True)
    assert not parse_options(["no-deploy", "no-deploy"]).deploys


@pytest.mark.parametrize(
    ("word", "guess"),
    [
        ("nocache", "'nocache' is not known; did you mean -o no-cache"),
        ("a b", "no-cache, no-deploy, redeploy"),
        ("ci.skip", "there are no-cache, no-deploy, redeploy"),
        ("", "'' is not known"),
    ],
)
def test_an_unknown_option_is_refused_with_what_there_is(word: str, guess: str) -> None:
    with pytest.raises(PushRefused, match=guess):
        parse_options(["no-cache", word])


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(PushRefused, match="contradict"):
        parse_options(["redeploy", "no-deploy"])


def test_a_redeploy_without_a_branch_that_deploys_is_refused() -> None:
    check_nothing_to_deploy(parse_options(["no-cache"]))
    with pytest.raises(PushRefused, match="ps:rebuild"):
        check_nothing_to_deploy(parse_options(["redeploy"]))


def test_what_was_stored_only_can_be_deployed_by_command() -> None:
    line = stored_only("myapp", RefCommand(None, "3f9ac21" + "0" * 33, "refs/heads/main"))
    assert line.startswith("Stored main at 3f9ac21 and deployed nothing (no-deploy)")
    assert line.endswith("ssh paas ps:rebuild myapp main")
