"""What HAProxy starts with."""

from pathlib import Path

import pytest

from releases.domain.route import Route
from releases.errors import PaasError
from router_sync.launch import prepare
from router_sync.render import Layout, render_config, render_map
from router_sync.slots import SPARES, WEIGHED_SPARES
from router_sync.table import Table

LAYOUT = Layout(Path("/srv/router"), "127.0.0.1", 8080)


def table(*routes: Route) -> Table:
    """A table of these."""
    return Table("epoch", 1, {route.host: route for route in routes})


def backend(config: str, name: str) -> list[str]:
    """The server lines of a backend."""
    section = config.split(f"\nbackend {name}\n")[1].split("\n\n")[0]
    return [line.strip() for line in section.splitlines()]


def test_configuration_without_routes_is_complete() -> None:
    config = render_config(LAYOUT, table())

    assert "bind 127.0.0.1:8080\n" in config
    assert "stats socket /srv/router/admin.sock mode 600 level admin" in config
    assert config.count("\nbackend spare_") == SPARES + WEIGHED_SPARES
    assert "default_backend unknown" in config


def test_an_app_has_its_addresses_and_room_for_as_many_again() -> None:
    urls = tuple(f"http://10.0.0.{number}:5000" for number in range(1, 6))

    servers = backend(render_config(LAYOUT, table(Route("a.test", "shop", urls))), "app_shop")

    assert servers[0] == "server s1 10.0.0.1:5000"
    assert servers[4] == "server s5 10.0.0.5:5000"
    assert len(servers) == 12
    assert all(server.endswith("192.0.2.1:1 disabled") for server in servers[5:])


def test_an_app_with_weights_shares_out_by_them_from_the_start() -> None:
    one, two = "http://10.0.0.1:5000", "http://10.0.0.2:5000"
    routes = table(Route("a.test", "shop", (one, two), {one: 7}))

    assert backend(render_config(LAYOUT, routes), "app_shop.weighed")[:3] == [
        "balance roundrobin",
        "server s1 10.0.0.1:5000 weight 7",
        "server s2 10.0.0.2:5000",
    ]
    assert render_map(routes) == "a.test app_shop.weighed/shop\n"


def test_the_map_names_backend_and_app_for_every_host() -> None:
    routes = table(Route("b.test", "shop", ()), Route("*.a.test", "other", ()))

    assert render_map(routes) == "*.a.test app_other/other\nb.test app_shop/shop\n"


def test_equal_routes_render_to_equal_text() -> None:
    one, two = Route("a.test", "one", ("http://10.0.0.1:1",)), Route("b.test", "two", ())

    assert render_config(LAYOUT, table(one, two)) == render_config(LAYOUT, table(two, one))


def test_pages_and_log_format_hold_no_quote_that_ends_them() -> None:
    for line in render_config(LAYOUT, table()).splitlines():
        assert line.count("'") in (0, 2, 4)


def test_a_directory_too_deep_for_sockets_is_said_in_one_line(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)

    with pytest.raises(PaasError, match="haproxy_dir"):
        prepare(Layout(deep, "127.0.0.1", 8080))

    assert not deep.exists()
