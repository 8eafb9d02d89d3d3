"""Which images stay, rule by rule, and that all others go."""

from collections.abc import Iterator, Sequence

import pytest

from releases.domain.app import App, Desired
from releases.domain.build import Build, BuildStatus
from releases.domain.image import AppImage
from releases.domain.release import Outline, ReleaseStatus
from releases.upkeep.images import images_to_remove, needed_images
from tests.fakes.examples import artifact

STATUSES = {
    "l": ReleaseStatus.LIVE,
    "s": ReleaseStatus.SUPERSEDED,
    "f": ReleaseStatus.FAILED,
    "p": ReleaseStatus.PENDING,
}


def app(live: int = 0, target: int = 0) -> App:
    """An app with these releases."""
    return App(
        "myapp",
        0.0,
        "ada",
        {},
        live=Desired(live, {}) if live else None,
        target=Desired(target, {}) if target else None,
    )


def releases(*each: str) -> list[Outline]:
    """Newest first, each as `s3` or `s3 image-1`: status, number and what it runs."""
    found = []
    for one in each:
        name, _, image = one.partition(" ")
        found.append(Outline(int(name[1:]), image or f"i{name[1:]}", STATUSES[name[0]]))
    return found


def build(number: int, image: str = "", status: BuildStatus = BuildStatus.SUCCEEDED) -> Build:
    """A build, with an image where one is named."""
    made = artifact(image=image, build=number) if image else None
    return Build(
        "myapp", number, "a" * 40, "refs/heads/main", "ada", "log", status, 0.0, artifact=made
    )


def needed(
    one: App,
    *each: str,
    kept: int = 1,
    opened: Sequence[Build] = (),
    builds: Sequence[Build] = (),
) -> list[str]:
    """Sorted."""
    return sorted(needed_images(one, releases(*each), opened, builds, kept))


def test_the_live_release_and_the_one_before_it_are_needed_however_few_are_kept() -> None:
    assert needed(app(live=4), "l4", "s3", "s2", "s1") == ["i3", "i4"]


def test_so_many_of_the_last_releases_that_were_live_are_needed() -> None:
    assert needed(app(live=4), "l4", "s3", "s2", "s1", kept=3) == ["i2", "i3", "i4"]


def test_a_failed_release_is_not_needed_and_does_not_count() -> None:
    assert needed(app(live=3), "f5", "f4", "l3", "s2", "s1", kept=2) == ["i2", "i3"]


def test_a_pending_release_is_needed_and_counts() -> None:
    assert needed(app(live=3), "p4", "l3", "s2", "s1", kept=2) == ["i2", "i3", "i4"]


def test_what_is_being_rolled_out_is_needed_whatever_its_record_says() -> None:
    assert needed(app(live=3, target=1), "f5", "f4", "l3", "s2", "s1") == ["i1", "i2", "i3"]


def test_a_failed_release_between_does_not_hide_the_one_before() -> None:
    assert needed(app(live=5), "l5", "f4", "f3", "s2", "s1") == ["i2", "i5"]


def test_releases_that_share_an_image_count_each() -> None:
    each = ("l4 new", "s3 new", "s2 new", "s1 old")
    assert needed(app(live=4), *each, kept=3) == ["new"]


def test_an_image_that_a_failed_and_a_live_release_share_is_needed() -> None:
    assert needed(app(live=2), "f3 same", "l2 same", "s1") == ["i1", "same"]


def test_a_build_whose_deploy_has_not_ended_is_needed() -> None:
    opened = [build(7, "built"), build(8, status=BuildStatus.RUNNING)]
    assert needed(app(live=1), "l1", opened=opened) == ["built", "i1"]


def test_the_newest_image_of_an_app_without_a_live_release_is_needed() -> None:
    failed = build(3, status=BuildStatus.FAILED)
    builds = [failed, build(2, "second"), build(1, "first")]
    assert needed(app(), "f1 first", builds=builds) == ["second"]


def test_the_newest_build_of_a_live_app_is_not_needed_for_itself() -> None:
    assert needed(app(live=1), "f2", "l1", builds=[build(2, "i2"), build(1, "i1")]) == ["i1"]


def test_an_app_that_never_built_anything_needs_nothing() -> None:
    assert needed(app()) == []


def test_old_releases_are_not_read() -> None:
    def endless() -> Iterator[Outline]:
        yield from releases("l9", "s8")
        raise AssertionError("one release too many was read")

    assert needed_images(app(live=9), endless(), [], [], kept=2) == {"i9", "i8"}


def image(name: str, size: int = 0, **known: object) -> AppImage:
    """One with a name of ours."""
    return AppImage(name, "myapp", (f"paas/myapp:{name}",), size_bytes=size, **known)  # type: ignore[arg-type]  # what a test says


def test_what_nobody_needs_is_removed_the_largest_first() -> None:
    images = [image("a", 1), image("b", 3), image("c", 2)]
    assert [one.id for one in images_to_remove(images, {"c"})] == ["b", "a"]


@pytest.mark.parametrize(
    "one",
    [image("a", in_use=True), AppImage("a", "myapp", (), ("alice/mine:1",))],
    ids=["a container uses it", "only others name it"],
)
def test_what_others_use_is_not_removed(one: AppImage) -> None:
    assert images_to_remove([one], set()) == []


def test_what_has_no_name_is_removed() -> None:
    dangling = AppImage("a", "myapp")
    assert images_to_remove([dangling], set()) == [dangling]
