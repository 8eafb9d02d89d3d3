"""What of the build config reaches a build, by which way."""

import subprocess

from builder.record.build_config import arguments, digests, secrets
from releases.domain.config import BuildConfig

VALUES = {"TOKEN": 'it\'s $(id) `s3cret`\nand "more"', "A": "", "INDEX": "https://x"}
CONFIG = BuildConfig(VALUES, {"TOKEN": "77", "A": "01", "INDEX": "42"}, 3)


def test_each_var_is_a_secret_and_all_of_them_are_one_that_a_shell_reads() -> None:
    given = secrets(CONFIG)
    assert {name: given[name].decode() for name in VALUES} == VALUES
    script = 'set -a; eval "$0"; printf \'%s|\' "$TOKEN" "$A" "$INDEX"; env | grep -c \'^INDEX=\''
    done = subprocess.run(
        ["/bin/sh", "-c", script, given["build-env"].decode()],
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == f"{VALUES['TOKEN']}||https://x|1\n"


def test_without_a_config_there_is_an_empty_environment_to_read() -> None:
    assert secrets(BuildConfig()) == {"build-env": b""}


def test_values_are_arguments_only_where_an_apps_own_dockerfile_declares_them() -> None:
    assert arguments(CONFIG, {"INDEX", "OTHER"}, of_app=True) == {"INDEX": "https://x"}
    assert arguments(CONFIG, {"INDEX", "OTHER"}, of_app=False) == {}
    assert digests(CONFIG, {"INDEX"}, of_app=True) == {"INDEX": "42"}
    assert digests(CONFIG, {"INDEX"}, of_app=False) == {}


def test_a_changed_value_misses_the_cache_where_the_digest_is_declared() -> None:
    changed = BuildConfig(VALUES, {**CONFIG.digests, "TOKEN": "78"}, 4)
    before = arguments(CONFIG, {"BUILD_CONFIG"}, of_app=False)
    after = arguments(changed, {"BUILD_CONFIG"}, of_app=False)
    assert list(before) == ["BUILD_CONFIG"]
    assert before != after
    assert digests(CONFIG, {"BUILD_CONFIG"}, of_app=False) == CONFIG.digests
