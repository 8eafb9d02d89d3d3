"""The table of processes."""

from pathlib import Path

from host.processes import NAMES, Process, marked, revision, table
from releases.settings import Settings

_PERSON = {"HOME": "/home/ann", "PAAS_CONFIG": "/etc/paas.yml", "SECRET": "of the person's shell"}


def rows(**given: object) -> dict[str, Process]:
    settings = Settings(home=Path("/srv/paas"), **given)  # type: ignore[arg-type]  # by name
    return {row.name: row for row in table(settings, _PERSON)}


def test_redis_and_haproxy_start_before_all_that_need_them() -> None:
    assert list(rows())[:2] == ["redis", "haproxy"]


def test_every_row_has_a_name_that_systemd_clean_up_knows() -> None:
    assert tuple(rows()) == NAMES


def test_configured_redis_and_haproxy_are_not_ours_to_run() -> None:
    found = rows(redis_url="redis://db.example.com", haproxy_dir="/run/haproxy")
    assert "redis" not in found
    assert "haproxy" not in found


def test_redis_listens_on_its_socket_only_and_keeps_what_it_was_told() -> None:
    words = " ".join(rows()["redis"].arguments)
    assert "--port 0 --unixsocket /srv/paas/run/redis.sock" in words
    assert "--appendonly yes --appendfsync everysec" in words
    assert "--dir /srv/paas/redis" in words


def test_there_are_as_many_workers_as_set() -> None:
    found = rows(build_workers=5, release_workers=7)
    assert found["builder"].count == 5
    assert found["releases"].count == 7


def test_every_process_is_told_all_settings_and_nothing_else_of_the_persons_shell() -> None:
    environ = rows(domain="example.com", http_port=80)["gitreceive"].environ
    assert environ["PAAS_HOME"] == "/srv/paas"
    assert environ["PAAS_DOMAIN"] == "example.com"
    assert environ["PAAS_HTTP_PORT"] == "80"
    assert environ["PAAS_CONFIG"] == "/etc/paas.yml"
    assert "SECRET" not in environ


def test_settings_that_go_by_the_environment_mean_the_same_there() -> None:
    settings = Settings(home=Path("/srv/paas"), stack="debian", drain_s=2.5)
    found = {row.name: row for row in table(settings, _PERSON)}["builder"].environ
    without_file = {name: value for name, value in found.items() if name != "PAAS_CONFIG"}
    assert Settings.from_env(without_file) == settings


def test_more_workers_restart_neither_redis_nor_haproxy() -> None:
    before, after = rows(build_workers=1), rows(build_workers=2)
    assert before["redis"] == after["redis"]
    assert before["haproxy"] == after["haproxy"]


def test_new_code_has_a_new_revision(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").touch()
    (tmp_path / "releases").mkdir()
    module = tmp_path / "releases" / "app.py"
    module.write_text("one")
    first = revision.__wrapped__(tmp_path)
    module.write_text("two")
    assert revision.__wrapped__(tmp_path) != first


def test_compiled_code_is_no_new_revision(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").touch()
    first = revision.__wrapped__(tmp_path)
    cache = tmp_path / "releases" / "__pycache__"
    cache.mkdir(parents=True)
    (cache / "app.cpython-311.pyc").touch()
    assert revision.__wrapped__(tmp_path) == first


def test_every_process_carries_the_mark_by_which_orphans_are_found() -> None:
    assert marked(rows()["redis"])["PAAS_PROGRAM"] == "redis"


def test_a_configuration_named_by_a_relative_path_is_found_by_every_process() -> None:
    person = {**_PERSON, "PAAS_CONFIG": "mine.yml"}
    for row in table(Settings(home=Path("/srv/paas")), person):
        assert row.environ["PAAS_CONFIG"] == str(Path.cwd() / "mine.yml")
