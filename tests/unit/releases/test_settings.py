"""Where settings come from, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from releases.settings import BadSetting, Settings


def read(home: Path, yaml: str = "", **environ: str) -> Settings:
    """The settings of a home with this paas.yml, under this environment."""
    if yaml:
        (home / "paas.yml").write_text(yaml)
    return Settings.from_env({"PAAS_HOME": str(home), **environ})


def refusal(home: Path, yaml: str = "", **environ: str) -> str:
    """What is said of settings that are refused: always one line."""
    with pytest.raises(BadSetting) as refused:
        read(home, yaml, **environ)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_defaults_are_the_documented_ones(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.ssh_port, settings.http_port) == (2222, 8080)
    assert (settings.domain, settings.bind) == ("localhost", "127.0.0.1")
    assert settings.home == tmp_path


def test_environment_goes_over_yaml_over_default(tmp_path: Path) -> None:
    settings = read(tmp_path, "http_port: 81\nssh_port: 23\n", PAAS_HTTP_PORT="82")
    assert (settings.http_port, settings.ssh_port, settings.bind) == (82, 23, "127.0.0.1")


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert read(tmp_path, "domain: example.com", PAAS_DOMAIN="").domain == "example.com"


def test_home_is_below_the_users_home_unless_said(tmp_path: Path) -> None:
    assert Settings.from_env({"HOME": str(tmp_path)}).home == tmp_path / ".paas"


def test_another_file_may_be_named(tmp_path: Path) -> None:
    other = tmp_path / "other.yml"
    other.write_text("domain: example.org\n")
    assert read(tmp_path, "domain: example.com", PAAS_CONFIG=str(other)).domain == "example.org"


def test_a_file_that_is_named_and_not_there_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, PAAS_CONFIG=str(tmp_path / "gone.yml"))
    assert said == f"{tmp_path}/gone.yml: is not there; PAAS_CONFIG names it"


def test_a_domain_is_kept_in_lower_case(tmp_path: Path) -> None:
    assert read(tmp_path, PAAS_DOMAIN="Apps.Example.COM.").domain == "apps.example.com"


def test_an_app_is_reached_below_the_domain(tmp_path: Path) -> None:
    assert read(tmp_path, PAAS_DOMAIN="example.com").host("shop") == "shop.example.com"


def test_a_relative_path_means_the_same_to_processes_that_run_elsewhere(tmp_path: Path) -> None:
    assert read(tmp_path, PAAS_CA_BUNDLE="ca.pem").ca_bundle == Path.cwd() / "ca.pem"


def test_numbers_and_paths_are_converted(tmp_path: Path) -> None:
    settings = read(tmp_path, "drain_s: 2\nca_bundle: /ca.pem\n", PAAS_SETTLE_S="0.5")
    assert (settings.drain_s, settings.settle_s) == (2.0, 0.5)
    assert settings.ca_bundle == Path("/ca.pem")


def test_an_unknown_name_is_refused_with_file_and_name(tmp_path: Path) -> None:
    said = refusal(tmp_path, "http_prot: 80\n")
    assert said.startswith(f"{tmp_path}/paas.yml: unknown setting http_prot; known: ")
    assert "http_port" in said


def test_home_cannot_be_set_in_the_file_that_lies_in_it(tmp_path: Path) -> None:
    said = refusal(tmp_path, "home: /elsewhere\n")
    assert "unknown setting home" in said
    assert " home," not in said.partition("known: ")[2]


def test_variables_that_are_not_settings_are_somebody_elses(tmp_path: Path) -> None:
    assert read(tmp_path, PAAS_REVISION="3f9ac21").domain == "localhost"


@pytest.mark.parametrize("yaml", ["- a\n- b\n", "just text", "[]", "0", "a: b: c", "\tx", "{", "'"])
def test_a_file_that_is_no_mapping_is_refused_by_name(tmp_path: Path, yaml: str) -> None:
    assert refusal(tmp_path, yaml).startswith(f"{tmp_path}/paas.yml: ")


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "paas.yml").write_bytes(b"domain: \xff\n")
    assert refusal(tmp_path).startswith(f"{tmp_path}/paas.yml: ")


def test_a_file_that_is_a_directory_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "paas.yml").mkdir()
    assert refusal(tmp_path).startswith(f"{tmp_path}/paas.yml: ")


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing yet\n") == read(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http_port", "eighty"), ("http_port", "80.5"), ("http_port", "65536"), ("ssh_port", "-1"),
        ("drain_s", "soon"), ("drain_s", "-1"), ("drain_s", "nan"), ("boot_timeout_s", "inf"),
        ("release_workers", "0"), ("build_workers", "-2"),
        ("subnet", "10.0.0.0/25"), ("subnet", "10.0.0.1/16"), ("subnet", "everything"),
        ("subnet", "fd00::/64"),
        ("domain", "http://example.com"), ("domain", "*.example.com"), ("domain", "a b"),
        ("instance", "my paas"), ("instance", "Paas"), ("instance", "-x"),
        ("allow_from", "10.0.0.1/8"), ("allow_from", "10.0.0.0/8;10.0.0.1"), ("allow_from", "all"),
        ("login_tries", "0"), ("git_memory_mb", "1"), ("push_mb", "0"), ("repository_mb", "0"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, name: str, value: str
) -> None:
    said = refusal(tmp_path, **{f"PAAS_{name.upper()}": value})
    assert said.startswith(f"setting {name}: {value!r} cannot be used: ")


@pytest.mark.parametrize("yaml", ["domain: 3", "domain:", "domain: [a]", "http_port: [80]"])
def test_a_value_of_the_wrong_kind_is_refused_by_name(tmp_path: Path, yaml: str) -> None:
    assert refusal(tmp_path, yaml).startswith(f"setting {yaml.partition(':')[0]}: ")


def test_a_subnet_of_256_addresses_is_enough(tmp_path: Path) -> None:
    assert read(tmp_path, PAAS_SUBNET="10.9.8.0/24").subnet == "10.9.8.0/24"


def test_everything_has_its_place_below_home(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.redis == f"unix://{tmp_path}/run/redis.sock"
    assert settings.router_dir == tmp_path / "router"
    assert settings.repositories == tmp_path / "repositories"


def test_a_redis_and_a_haproxy_of_ones_own(tmp_path: Path) -> None:
    settings = read(tmp_path, PAAS_REDIS_URL="redis://r", PAAS_HAPROXY_DIR="/etc/haproxy")
    assert (settings.redis, settings.router_dir) == ("redis://r", Path("/etc/haproxy"))


def test_a_url_names_the_port_only_where_a_browser_needs_it(tmp_path: Path) -> None:
    assert read(tmp_path).url("a.localhost") == "http://a.localhost:8080"
    assert read(tmp_path, PAAS_HTTP_PORT="80").url("a.localhost") == "http://a.localhost"


def test_the_branches_that_deploy_are_names_that_git_takes(tmp_path: Path) -> None:
    assert read(tmp_path, "deploy_branches: live, main").deploy_branches == "live, main"
    assert "no name for a branch" in refusal(tmp_path, PAAS_DEPLOY_BRANCHES="main,a b")


def test_the_image_of_a_stack_is_named_for_every_debian(tmp_path: Path) -> None:
    assert read(tmp_path).stack_image == "debian:{suite}-slim"
    assert "needs {suite}" in refusal(tmp_path, PAAS_STACK_IMAGE="debian:bookworm-slim")
