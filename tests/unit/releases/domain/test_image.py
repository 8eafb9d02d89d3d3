"""Which names of an image are the platform's own."""

import pytest

from releases.domain.image import AppImage, split_names

SHA = "3f9ac21" + "0" * 33
REGISTRY = "registry.example:5000"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    "name",
    [
        f"paas/myapp:{SHA}",
        f"paas/myapp:{SHA}-before-12",
        f"{REGISTRY}/paas/myapp:{SHA}",
        f"{REGISTRY}/paas/myapp@{DIGEST}",
        f"paas/myapp@{DIGEST}",
    ],
)
def test_what_builds_and_pulls_call_an_image_is_ours(name: str) -> None:
    assert split_names("myapp", REGISTRY, [name]) == ((name,), ())


@pytest.mark.parametrize(
    "name",
    [
        "paas/myapp:latest",
        "paas/myapp:3f9ac21",
        f"paas/myapp:{SHA}-mine",
        f"paas/my-app:{SHA}",
        f"alice/paas/myapp:{SHA}",
        f"elsewhere.example/paas/myapp:{SHA}",
        f"alice/myapp@{DIGEST}",
        "myapp:1",
    ],
)
def test_any_other_name_is_somebody_elses(name: str) -> None:
    assert split_names("myapp", REGISTRY, [name]) == ((), (name,))


def test_without_a_registry_a_name_in_one_is_somebody_elses() -> None:
    name = f"{REGISTRY}/paas/myapp:{SHA}"
    assert split_names("myapp", "", [name]) == ((), (name,))


def test_dockers_words_for_no_name_are_no_names() -> None:
    assert split_names("myapp", "", ["<none>:<none>", "<none>@<none>"]) == ((), ())


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (AppImage("i", "myapp"), True),
        (AppImage("i", "myapp", ("paas/myapp:1",)), True),
        (AppImage("i", "myapp", ("paas/myapp:1",), ("alice/keep:1",)), True),
        (AppImage("i", "myapp", (), ("alice/keep:1",)), False),
        (AppImage("i", "myapp", ("paas/myapp:1",), in_use=True), False),
    ],
)
def test_something_can_be_taken_from_an_image_that_is_not_in_use_and_not_only_others(
    image: AppImage, expected: bool
) -> None:
    assert image.is_removable is expected
