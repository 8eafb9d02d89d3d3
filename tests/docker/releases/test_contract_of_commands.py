"""What every engine promises of commands: in a container, run once, and one-offs."""

import pytest

from releases.engine.protocol import Ended, EngineFailed, Once, TookTooLong
from tests.docker.releases.contract import GRACE_S, Contract

pytestmark = pytest.mark.docker


def test_a_command_in_a_container_ends_with_its_status_and_its_last_lines(
    contract: Contract,
) -> None:
    [one] = contract.start("web.1")
    assert contract.engine.execute(one, ["echo", "all", "well"], 5.0) == Ended(0, ("all well",))
    assert contract.engine.execute(one, ["false"], 5.0) == Ended(1)


def test_a_command_in_a_container_has_a_time_limit(contract: Contract) -> None:
    [one] = contract.start("web.1")
    with pytest.raises(TookTooLong, match=r"longer than 0\.3 s"):
        contract.engine.execute(one, ["sleep", "5"], 0.3)


def test_a_command_in_a_container_that_is_gone_cannot_be_run(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    with pytest.raises(EngineFailed, match=r"cannot run echo in web\.1"):
        contract.engine.execute(one, ["echo"], 5.0)


def test_what_runs_once_gives_its_output_and_its_status_and_is_in_no_list(
    contract: Contract,
) -> None:
    said: list[str] = []
    line = "echo migrated" if contract.is_real else "migrated"
    ran = contract.engine.run_once(contract.release(), Once(line, 20.0, said.extend))
    assert (ran.status, ran.image, said) == (0, "", ["migrated"])
    assert (
        contract.engine.run_once(contract.release(), Once("exit 3", 20.0, said.extend)).status == 3
    )
    assert contract.names() == []


def test_what_runs_once_has_a_time_limit(contract: Contract) -> None:
    with pytest.raises(TookTooLong):
        contract.engine.run_once(contract.release(), Once("sleep 60", 0.5, print))
    assert contract.engine.run_once(contract.release(), Once("true", 20.0, print)).status == 0


def test_an_image_is_made_of_what_succeeded_alone(contract: Contract) -> None:
    keeping = Once("true", 20.0, print, keeps_changes=True)
    made = contract.engine.run_once(contract.release(), keeping).image
    assert made != contract.image
    assert contract.engine.image_exists(made)
    failing = Once("exit 1", 20.0, print, keeps_changes=True)
    assert contract.engine.run_once(contract.release(number=2), failing).image == ""


def test_to_end_what_runs_once_is_fine_where_nothing_does(contract: Contract) -> None:
    contract.engine.end_once("myapp")
    [one] = contract.start("web.1")
    contract.engine.end_once("myapp")
    assert contract.engine.condition(one).running


def test_a_one_off_fills_no_slot(contract: Contract) -> None:
    contract.start("web.1")
    one = contract.run_detached(1, "sleep", "600")
    assert contract.names() == ["web.1"]
    assert (one.name, one.container.app, one.container.state) == ("run.1", "myapp", "running")
    assert (one.container.slot.release, one.who, one.until) == (1, "ada", 2e9)


def test_one_offs_are_listed_of_one_app_or_of_all(contract: Contract) -> None:
    contract.run_detached(1, "sleep", "600", app="myapp-2")
    contract.run_detached(3, "sleep", "600")
    assert [one.name for one in contract.engine.one_offs("myapp")] == ["run.3"]
    listed = [(one.container.app, one.name) for one in contract.engine.one_offs()]
    assert listed == [("myapp", "run.3"), ("myapp-2", "run.1")]


def test_a_one_off_that_ended_is_listed_until_it_is_retired(contract: Contract) -> None:
    one = contract.run_detached(2, "/bin/sh", "-c", "exit 3")
    assert contract.ended(one.container).exit_code == 3
    [listed] = contract.engine.one_offs("myapp")
    assert (listed.has_ended, listed.container.condemned) == (True, False)
    contract.engine.condemn(listed.container)
    assert [other.container.condemned for other in contract.engine.one_offs("myapp")] == [True]
    contract.engine.retire(listed.container, GRACE_S)
    assert contract.engine.one_offs() == []
