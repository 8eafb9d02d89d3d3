"""Which commands bring a worker to the table, in which order, and when there is no room."""

import pytest

from releases.domain.route import Route, RouteChanges
from router_sync.slots import SPARES, WEIGHED_SPARES, Plan, is_cramped, plan, slots_for
from router_sync.table import Table
from router_sync.worker import NOWHERE, Slot, SlotState, Worker

MAP = "hosts.map"
A, B, C = "10.0.0.1:5000", "10.0.0.2:5000", "10.0.0.3:5000"
R, D, M = SlotState.READY, SlotState.DRAINING, SlotState.IDLE


def table(**apps: tuple[str, ...]) -> Table:
    """Apps with the host of their name and these addresses."""
    made = Table()
    routes = {
        f"{app}.test": Route(f"{app}.test", app, tuple(f"http://{one}" for one in addresses))
        for app, addresses in apps.items()
    }
    made.merge(RouteChanges("epoch", 1, routes))
    return made


def canary(old: str, new: str, weight: int) -> Table:
    """The app shop with two addresses, the new one with a weight."""
    made = Table()
    urls = tuple(f"http://{one}" for one in (old, new))
    made.merge(
        RouteChanges("epoch", 1, {"shop.test": Route("shop.test", "shop", urls, {urls[1]: weight})})
    )
    return made


def slots(backend: str, *states: tuple[str, SlotState], free: int = 0) -> list[Slot]:
    """Slots s1, s2, ... of a backend, and some that were never used."""
    filled = [*states, *[(NOWHERE, M)] * free]
    return [Slot(backend, f"s{n}", *state) for n, state in enumerate(filled, 1)]


def worker(*loaded: list[Slot], **hosts: str) -> Worker:
    """A worker with these slots; hosts by app name."""
    every = [slot for group in loaded for slot in group]
    return Worker.loaded(7, every, {f"{app}.test": target for app, target in hosts.items()})


def commands(made: Plan) -> list[str]:
    """As HAProxy is told."""
    return [line for change in made.changes for line in change.commands(MAP)]


def test_flip_fills_a_free_slot_first_and_drains_the_old_one_last() -> None:
    had = worker(slots("app_shop", (A, R), free=2), shop="app_shop/shop")

    assert commands(plan(had, table(shop=(B,)), ["shop"])) == [
        "set server app_shop/s2 addr 10.0.0.2 port 5000",
        "set server app_shop/s2 state ready",
        "set server app_shop/s2 health up",
        "set server app_shop/s1 state drain",
    ]


def test_new_app_claims_a_spare_and_its_host_comes_after_its_address() -> None:
    had = worker(slots("spare_1", free=2))

    assert commands(plan(had, table(shop=(A,)), ["shop"])) == [
        "set server spare_1/s1 addr 10.0.0.1 port 5000",
        "set server spare_1/s1 state ready",
        "set server spare_1/s1 health up",
        "add map hosts.map shop.test spare_1/shop",
    ]


def test_nothing_to_do_is_no_command() -> None:
    had = worker(slots("app_shop", (A, R), (B, M)), shop="app_shop/shop")

    assert plan(had, table(shop=(A,))) == Plan(())


def test_an_address_that_drains_and_is_wanted_again_is_made_ready() -> None:
    had = worker(slots("app_shop", (A, D), (B, R)), shop="app_shop/shop")

    assert commands(plan(had, table(shop=(A,)), ["shop"]))[1] == (
        "set server app_shop/s1 state ready"
    )


def test_app_without_room_moves_to_a_spare_with_all_its_addresses() -> None:
    had = worker(slots("app_shop", (A, R), (B, D)), slots("spare_1", free=2), shop="app_shop/shop")

    told = commands(plan(had, table(shop=(A, C)), ["shop"]))

    assert [line for line in told if "map" in line] == ["set map hosts.map shop.test spare_1/shop"]
    assert "set server spare_1/s1 addr 10.0.0.1 port 5000" in told
    assert "set server spare_1/s2 addr 10.0.0.3 port 5000" in told
    assert told[-1] == "set server app_shop/s1 state drain"


def test_app_for_which_there_is_no_room_is_left_as_it_is_and_named() -> None:
    had = worker(
        slots("app_shop", (A, R)),
        slots("app_other", (B, R), free=1),
        shop="app_shop/shop",
        other="app_other/other",
    )

    made = plan(had, table(shop=(B, C), other=(C,)))

    assert made.short == ("shop",)
    assert not any("app_shop" in line for line in commands(made))
    assert "set server app_other/s1 state drain" in commands(made)


def test_two_new_apps_never_share_a_spare() -> None:
    had = worker(slots("spare_1", free=1), slots("spare_2", free=1))

    told = commands(plan(had, table(one=(A,), two=(B,))))

    assert "add map hosts.map one.test spare_1/one" in told
    assert "add map hosts.map two.test spare_2/two" in told


@pytest.mark.parametrize("state", [R, D, M])
def test_spare_that_was_ever_used_goes_to_nobody_else(state: SlotState) -> None:
    had = worker(slots("spare_1", (A, state), free=1))

    assert plan(had, table(shop=(B,)), ["shop"]).short == ("shop",)


def test_app_that_had_a_spare_gets_the_same_one_back() -> None:
    had = worker(slots("spare_1", free=2), slots("spare_2", free=2))
    had.apply(plan(had, table(shop=(A,)), ["shop"]).changes)
    had.apply(plan(had, table(), ["shop"]).changes)

    told = commands(plan(had, table(shop=(B,)), ["shop"]))

    assert told[-1] == "add map hosts.map shop.test spare_1/shop"


def test_app_that_is_gone_loses_its_host_and_drains() -> None:
    had = worker(slots("app_shop", (A, R)), shop="app_shop/shop")

    assert commands(plan(had, table())) == [
        "del map hosts.map shop.test",
        "set server app_shop/s1 state drain",
    ]


def test_slots_filled_for_hosts_that_never_followed_drain() -> None:
    had = worker(slots("spare_1", (A, R)))

    assert commands(plan(had, table())) == ["set server spare_1/s1 state drain"]


def test_entry_that_points_to_a_backend_that_is_not_there_is_mended() -> None:
    had = worker(slots("app_shop", (A, R)), shop="app_gone/shop", stray="app_gone/gone")

    assert commands(plan(had, table(shop=(A,)))) == [
        "set map hosts.map shop.test app_shop/shop",
        "del map hosts.map stray.test",
    ]


def test_app_without_addresses_has_a_backend_and_so_503_and_not_404() -> None:
    had = worker(slots("spare_1", free=1))

    assert commands(plan(had, table(shop=()), ["shop"])) == [
        "add map hosts.map shop.test spare_1/shop"
    ]


def test_a_plan_once_applied_needs_nothing_more() -> None:
    had = worker(
        slots("app_shop", (A, R), (B, D)),
        slots("spare_1", (C, D), free=3),
        *(slots(f"spare_{number}", free=3) for number in range(2, 9)),
        shop="app_shop/shop",
        gone="spare_1/gone",
    )
    wanted = table(shop=(A, C), one=(B,), two=(), three=(A, B, C))

    had.apply(plan(had, wanted).changes)

    assert plan(had, wanted) == Plan(())


def test_the_room_of_a_named_backend_is_enough_for_a_flip_of_all_addresses() -> None:
    for count in range(101):
        assert slots_for(count) >= 2 * count


def test_cramped_is_an_app_that_could_not_flip_in_place_or_few_spares_left() -> None:
    spares = [slots(f"spare_{number}", free=1) for number in range(SPARES)]
    spares += [slots(f"spare_{number}.weighed", free=1) for number in range(WEIGHED_SPARES)]
    roomy = worker(*spares, slots("app_shop", (A, R), free=1), shop="app_shop/shop")
    tight = worker(*spares, slots("app_shop", (A, R), (B, R), free=1), shop="app_shop/shop")

    assert not is_cramped(roomy, table(shop=(A,)))
    assert is_cramped(tight, table(shop=(A, B)))
    assert is_cramped(worker(slots("spare_1", free=1)), table())
    assert is_cramped(worker(*spares[:SPARES]), table())


def test_a_canary_moves_the_app_to_a_backend_that_obeys_weights_in_one_map_entry() -> None:
    had = worker(
        slots("app_shop", (A, R), free=2),
        slots("spare_1", free=2),
        slots("spare_1.weighed", free=2),
        shop="app_shop/shop",
    )

    assert commands(plan(had, canary(A, B, 11), ["shop"])) == [
        "set server spare_1.weighed/s1 addr 10.0.0.1 port 5000",
        "set server spare_1.weighed/s1 state ready",
        "set server spare_1.weighed/s1 health up",
        "set server spare_1.weighed/s2 weight 11",
        "set server spare_1.weighed/s2 addr 10.0.0.2 port 5000",
        "set server spare_1.weighed/s2 state ready",
        "set server spare_1.weighed/s2 health up",
        "set map hosts.map shop.test spare_1.weighed/shop",
        "set server app_shop/s1 state drain",
    ]


def test_another_weight_is_one_command() -> None:
    had = worker(slots("app_shop.weighed", (A, R), (B, R)), shop="app_shop.weighed/shop")

    assert commands(plan(had, canary(A, B, 50), ["shop"])) == [
        "set server app_shop.weighed/s2 weight 50"
    ]


def test_the_flip_after_a_canary_goes_back_to_the_backend_with_leastconn() -> None:
    had = worker(
        slots("app_shop", (A, M), free=1),
        slots("spare_1.weighed", free=2),
        shop="app_shop/shop",
    )
    had.apply(plan(had, canary(A, B, 11), ["shop"]).changes)

    told = commands(plan(had, table(shop=(B,)), ["shop"]))

    assert "set map hosts.map shop.test app_shop/shop" in told
    assert told[-1] == "set server spare_1.weighed/s2 state drain"


def test_a_slot_filled_anew_gets_its_weight_back_before_it_is_ready() -> None:
    used = Slot("app_shop.weighed", "s1", A, M, 11)
    had = worker([used], shop="app_shop.weighed/shop")

    told = commands(plan(had, table(shop=(B,)), ["shop"]))

    assert told[:3] == [
        "set server app_shop.weighed/s1 weight 100",
        "set server app_shop.weighed/s1 addr 10.0.0.2 port 5000",
        "set server app_shop.weighed/s1 state ready",
    ]


def test_a_canary_without_a_backend_that_obeys_weights_waits_for_a_reload() -> None:
    had = worker(slots("app_shop", (A, R), free=2), slots("spare_1", free=2), shop="app_shop/shop")

    assert plan(had, canary(A, B, 11), ["shop"]) == Plan((), ("shop",))


def test_a_canary_once_applied_needs_nothing_more() -> None:
    had = worker(
        slots("app_shop", (A, R), free=2),
        slots("spare_1.weighed", free=3),
        shop="app_shop/shop",
    )

    had.apply(plan(had, canary(A, B, 11)).changes)

    assert plan(had, canary(A, B, 11)) == Plan(())
