"""What every engine promises of containers that are frozen."""

import pytest

from releases.domain.container import FROZEN
from tests.docker.releases.contract import GRACE_S, Contract

pytestmark = pytest.mark.docker


def test_a_frozen_one_is_listed_as_such_and_goes_on_when_thawed(contract: Contract) -> None:
    first, second = contract.start("web.1", "web.2")
    assert contract.engine.frozen() == []
    contract.engine.freeze([first])
    assert [one.id for one in contract.engine.frozen()] == [first.id]
    [listed, _] = contract.engine.containers("myapp")
    assert (listed.id, listed.state, listed.condemned) == (first.id, FROZEN, False)
    contract.engine.thaw([listed])
    assert contract.engine.frozen() == []
    states = {one.id: one.state for one in contract.engine.containers("myapp")}
    assert states == {first.id: "running", second.id: "running"}


def test_frozen_ones_of_all_apps_are_listed_together(contract: Contract) -> None:
    [ours], [theirs] = contract.start("web.1"), contract.start("web.1", app="other")
    contract.engine.freeze([ours, theirs])
    assert {one.id for one in contract.engine.frozen()} == {ours.id, theirs.id}


def test_a_frozen_one_is_retired_as_any_other(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.freeze([one])
    contract.engine.retire(contract.engine.frozen()[0], GRACE_S)
    assert (contract.names(), contract.engine.frozen()) == ([], [])


def test_to_freeze_or_thaw_what_is_gone_is_fine(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    contract.engine.freeze([one])
    contract.engine.thaw([one])
    assert contract.names() == []


def test_what_runs_takes_memory_also_frozen_and_what_is_gone_takes_none(
    contract: Contract,
) -> None:
    [one] = contract.start("web.1")
    assert contract.engine.memory_bytes(one) > 0
    contract.engine.freeze([one])
    assert contract.engine.memory_bytes(one) > 0
    contract.engine.retire(contract.engine.frozen()[0], GRACE_S)
    assert contract.engine.memory_bytes(one) == 0


def test_what_is_frozen_behind_the_engines_back_hangs_until_it_is_retired(
    contract: Contract,
) -> None:
    [web, other] = contract.start("web.1", "web.2")
    contract.freeze_unseen(web)
    [listed, _] = contract.engine.containers("myapp")
    assert (listed.state, contract.engine.condition(listed).hangs) == ("running", True)
    assert contract.engine.condition(listed).has_died_since(0)
    assert not contract.engine.condition(other).hangs
    contract.engine.freeze([other])
    assert not contract.engine.condition(other).hangs  # it is known
    contract.engine.retire(listed, GRACE_S)
    assert contract.names() == ["web.2"]
