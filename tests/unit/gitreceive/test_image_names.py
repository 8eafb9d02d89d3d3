"""Which image names `git:from-image` takes: they become a line of a Dockerfile."""

import time

import pytest

from gitreceive.image_commands import BadImageName, check_image_name

DIGEST = f"sha256:{'0f' * 32}"


@pytest.mark.parametrize(
    "name",
    [
        *("nginx:1.27", "library/nginx:latest", f"nginx@{DIGEST}", f"nginx:1.27@{DIGEST}"),
        *("registry.example/team/app:v2", "registry.example:5000/app:v2", "localhost/app:v2"),
        *("localhost:5000/a__b/c-d.e--f:X_1", "127.0.0.1:5000/app:v2", "build:5000/app:v2"),
    ],
)
def test_a_name_as_docker_has_it_is_taken_as_it_is(name: str) -> None:
    assert check_image_name(name) == name


def test_without_a_tag_or_digest_the_latest_is_meant() -> None:
    assert check_image_name("nginx") == "nginx:latest"
    assert check_image_name("localhost:5000/nginx") == "localhost:5000/nginx:latest"


@pytest.mark.parametrize(
    "name",
    [
        *("", "scratch", "Nginx", "nginx:", "nginx:a b", "nginx:1\nRUN id", "nginx\n", "$BASE"),
        *("${BASE}", "nginx AS x", "--platform=x", "-x", "/nginx", "nginx/", "a//b", "a..b", "a@b"),
        *("nginx@sha256:00", "https://registry.example/app", "nginx:" + "x" * 129, "é", "#x"),
        "a/" * 200 + "a",
    ],
)
def test_everything_else_is_refused_with_examples(name: str) -> None:
    with pytest.raises(BadImageName, match="is no image that can be deployed; give a name such"):
        check_image_name(name)


@pytest.mark.parametrize("part", ["a", "a.", "a-", "a_", "a/", "a.a:", "-"])
def test_no_name_takes_long_to_be_refused(part: str) -> None:
    began = time.monotonic()
    with pytest.raises(BadImageName):
        check_image_name((part * 255)[:254] + "!")
    assert time.monotonic() - began < 0.1
