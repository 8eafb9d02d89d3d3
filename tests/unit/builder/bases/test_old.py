"""Which images below the apps' go, rule by rule."""

import pytest

from builder.bases.old import Labelled, old_bases, own_names
from releases.domain.container import APP, INSTANCE

SHA, NEW_SHA = "0123456789ab", "ba9876543210"
STACK, NEW_STACK = f"paas/stack:bookworm-{SHA}", f"paas/stack:bookworm-{NEW_SHA}"
RUNTIME, NEW_RUNTIME = f"paas/runtime-python:3.11-{SHA}", f"paas/runtime-python:3.11-{NEW_SHA}"
TOOLCHAIN = f"paas/toolchain-python:3.11-{SHA}"
OURS = {INSTANCE: "paas"}


def base(name: str = "", below: str = "", *, identifier: str = "") -> Labelled:
    """One of ours."""
    labels = {**OURS, "paas.below": below} if below else OURS
    return Labelled(identifier or f"id of {name}", (name,) if name else (), labels)


def app_on(name: str, instance: str = "paas", identifier: str = "") -> Labelled:
    """An image of an app that stands on that."""
    labels = {INSTANCE: instance, APP: "myapp", "paas.base": name}
    labels["paas.base_image"] = identifier or f"id of {name}"
    return Labelled(f"app on {name}", (f"paas/myapp:{'a' * 40}",), labels)


LINE = [
    base(STACK),
    base(RUNTIME, STACK),
    base(TOOLCHAIN, RUNTIME),
    base(NEW_STACK),
    base(NEW_RUNTIME, NEW_STACK),
]
CURRENT = (NEW_STACK, NEW_RUNTIME)


def old(images: list[Labelled], current: tuple[str, ...] = CURRENT) -> list[str]:
    """Their names or, where they have none, ids."""
    found = old_bases(images, current, "paas", "registry.example:5000")
    return [image.names[0] if image.names else image.id for image in found]


def test_what_is_current_stays_and_what_was_goes() -> None:
    assert old(LINE) == [STACK, RUNTIME, TOOLCHAIN]


def test_what_an_apps_image_stands_on_stays_and_what_that_stands_on() -> None:
    assert old([*LINE, app_on(RUNTIME)]) == [TOOLCHAIN]


def test_an_app_of_another_platform_keeps_what_it_stands_on_too() -> None:
    assert old([*LINE, app_on(RUNTIME, "other")]) == [TOOLCHAIN]


def test_what_a_renewal_took_the_name_from_goes_once_no_app_stands_on_it() -> None:
    left = base(identifier="sha256:left")
    assert old([*LINE, left, app_on(RUNTIME, identifier="sha256:left")]) == [TOOLCHAIN]
    assert old([left]) == ["sha256:left"]


def test_what_a_renewal_that_was_killed_left_goes() -> None:
    names = ("paas/stack:bookworm-new", f"paas/look:{SHA}", "paas/base:debian-bookworm-new")
    assert old([base(name) for name in names]) == list(names)


def test_what_a_container_uses_stays() -> None:
    used = Labelled("id", (STACK,), OURS, in_use=True)
    assert old([used]) == []


@pytest.mark.parametrize(
    "image",
    [
        Labelled("id", (STACK,), {INSTANCE: "other"}),
        Labelled("id", ("alice/tool:1",), OURS),
        Labelled("id", ("paas/stack:mine",), OURS),
        app_on(STACK),
    ],
    ids=["another platform's", "somebody's own", "a name of somebody's own", "an app's"],
)
def test_what_is_not_a_base_of_this_platform_is_not_touched(image: Labelled) -> None:
    assert old([image]) == []


def test_of_an_image_that_somebody_named_only_our_names_are_given_up() -> None:
    named = Labelled("id", (STACK, "alice/stack:1"), OURS)
    [found] = old_bases([named], (), "paas", "")
    assert found.names == (STACK,)


def test_images_that_name_each_other_as_below_end_the_search() -> None:
    assert old([base(NEW_STACK, NEW_RUNTIME), base(NEW_RUNTIME, NEW_STACK)]) == []


@pytest.mark.parametrize(
    "name",
    [
        STACK, RUNTIME, TOOLCHAIN, "paas/base:debian-bookworm", f"paas/base:registry-trixie-{SHA}",
        f"paas/runtime-php-apache:8.2-{SHA}", f"paas/stack@sha256:{'a' * 64}",
        f"registry.example:5000/{STACK}",
    ],
)  # fmt: skip
def test_our_names_are_known(name: str) -> None:
    assert own_names("registry.example:5000", [name]) == (name,)


@pytest.mark.parametrize(
    "name", ["debian:bookworm-slim", "paas/myapp:" + "a" * 40, f"elsewhere.example/{STACK}"]
)
def test_other_names_are_not(name: str) -> None:
    assert own_names("registry.example:5000", [name]) == ()
