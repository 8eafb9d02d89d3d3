"""systemd units as text."""

from pathlib import Path

from host.processes import Process, table
from host.units import remove_others, render, unit_names, write
from releases.settings import Settings


def units() -> dict[str, str]:
    return render("paas", table(Settings(home=Path("/srv/paas"), build_workers=2), {}))


def test_every_process_has_a_unit_and_the_target_wants_it() -> None:
    found = units()
    assert sorted(found) == [
        "paas-builder@.service",
        "paas-converger.service",
        "paas-gitreceive.service",
        "paas-haproxy.service",
        "paas-redis.service",
        "paas-releases@.service",
        "paas-router-sync.service",
        "paas.target",
    ]
    assert "paas-builder@1.service paas-builder@2.service" in found["paas.target"]
    assert "paas-converger.service" in found["paas.target"]


def test_units_of_two_platforms_do_not_meet() -> None:
    row = Process("builder", ("true",), {}, count=2)
    assert unit_names("second", row) == ["second-builder@1.service", "second-builder@2.service"]


def test_unit_restarts_for_ever_and_stops_with_the_target() -> None:
    unit = units()["paas-gitreceive.service"]
    assert "Restart=always\nRestartSec=1\n" in unit
    assert "StartLimitIntervalSec=0\n" in unit
    assert "PartOf=paas.target\n" in unit
    assert "TimeoutStopSec=10\n" in unit


def test_redis_starts_before_the_others_and_so_stops_after_them() -> None:
    found = units()
    assert (
        "After=network.target docker.service paas-redis.service\n" in found["paas-builder@.service"]
    )
    assert "After=network.target docker.service\n" in found["paas-redis.service"]


def test_unit_of_a_row_that_left_the_table_is_removed_and_no_other(tmp_path: Path) -> None:
    strangers = ["paas-two-redis.service", "paas-backup.service", "redis.service"]
    for name in ["paas-redis.service", "paas-builder.service", *strangers]:
        (tmp_path / name).touch()
    kept = render("paas", [Process("builder", ("true",), {}, count=2)])
    assert remove_others(tmp_path, "paas", kept) == ["paas-redis.service", "paas-builder.service"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(strangers)


def test_special_characters_keep_their_meaning() -> None:
    row = Process("odd", ("/opt/my run", "50%", "$HOME"), {"ODD": '50% "a\\b" $x'})
    unit = render("paas", [row])["paas-odd.service"]
    assert 'ExecStart="/opt/my run" "50%%" "$$HOME"\n' in unit
    assert 'Environment="ODD=50%% \\"a\\\\b\\" $x"\n' in unit


def test_second_writing_changes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, units()) == list(units())
    assert write(tmp_path, units()) == []


def test_units_are_for_their_owner_only_because_a_redis_url_may_hold_a_password(
    tmp_path: Path,
) -> None:
    write(tmp_path, units())
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
