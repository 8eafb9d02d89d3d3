"""Our buildpacks and the user's, and who goes first."""

from pathlib import Path

import pytest

from builder.detection.folders import all_buildpacks
from releases.settings import Settings


def add(folder: Path, name: str, order: int, *more: str, dockerfile: str = "FROM x\n") -> None:
    directory = folder / name
    directory.mkdir(parents=True)
    lines = [f"name: {name}", "title: T", f"order: {order}", "detect: [a]", *more]
    if not any(line.startswith("app_dockerfile") for line in more):
        lines.append("dockerfile: Dockerfile")
    (directory / "buildpack.yml").write_text("\n".join(lines))
    if dockerfile:
        (directory / "Dockerfile").write_text(dockerfile)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    add(tmp_path / "ours", "dockerfile", 0, "app_dockerfile: Dockerfile")
    add(tmp_path / "ours", "python", 10)
    add(tmp_path / "ours", "node", 20)
    (tmp_path / "theirs").mkdir()
    extra = str(tmp_path / "theirs")
    return Settings(home=tmp_path, buildpacks=tmp_path / "ours", extra_buildpacks=extra)


def names(settings: Settings) -> list[str]:
    return [buildpack.name for buildpack in all_buildpacks(settings).usable]


def test_the_users_are_asked_before_ours_and_after_the_apps_own_dockerfile(
    settings: Settings, tmp_path: Path
) -> None:
    add(tmp_path / "theirs", "zig", 99)
    add(tmp_path / "theirs", "cobol", 50)
    assert names(settings) == ["dockerfile", "cobol", "zig", "python", "node"]


def test_one_of_the_same_name_takes_the_place_of_ours(settings: Settings, tmp_path: Path) -> None:
    add(tmp_path / "theirs", "python", 50)
    found = all_buildpacks(settings)
    assert [buildpack.name for buildpack in found.usable] == ["dockerfile", "python", "node"]
    assert found.usable[1].directory == tmp_path / "theirs" / "python"
    assert found.replaced == ("python",)


def test_one_that_cannot_be_used_is_told_and_the_others_are_used(
    settings: Settings, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    add(theirs, "bad", 50, "colour: red")
    add(theirs, "torn", 50, dockerfile="")
    add(theirs, "good", 50)
    (theirs / "empty").mkdir()
    (theirs / "README").write_text("ours")
    found = all_buildpacks(settings)
    assert "good" in [buildpack.name for buildpack in found.usable]
    bad, empty, torn = found.faults
    assert bad.startswith(f"{theirs}/bad/buildpack.yml: unknown key colour")
    assert empty.startswith(f"{theirs}/empty/buildpack.yml: cannot be read: ")
    assert (
        torn == f"{theirs}/torn/buildpack.yml: Dockerfile cannot be read: No such file or directory"
    )


def test_a_folder_that_is_not_there_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "theirs").rmdir()
    assert all_buildpacks(settings).faults == (
        f"setting extra_buildpacks: {tmp_path}/theirs is no folder",
    )
