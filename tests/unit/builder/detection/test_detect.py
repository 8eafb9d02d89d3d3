"""Which buildpack a source asks for."""

from pathlib import Path

import pytest

from builder.detection.detect import NoBuildpackMatched, detect
from builder.detection.manifest import read_buildpacks
from releases.settings import PROJECT
from tests.fakes.source import source_of

OURS = ("dockerfile", "python", "node", "static")
BUILDPACKS = [
    buildpack for buildpack in read_buildpacks(PROJECT / "buildpacks") if buildpack.name in OURS
]


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"requirements.txt": "", "app.py": ""}, "python", "requirements.txt found"),
        ({"pyproject.toml": ""}, "python", "pyproject.toml found"),
        ({"package.json": "{}", "index.html": ""}, "node", "package.json found"),
        ({"index.html": ""}, "static", "index.html found"),
        ({"dist/index.html": ""}, "static", "dist/index.html found"),
        ({"Dockerfile": "", "requirements.txt": ""}, "dockerfile", "Dockerfile found"),
    ],
)
def test_the_first_buildpack_that_finds_its_file_wins(
    tmp_path: Path, files: dict[str, str], name: str, reason: str
) -> None:
    match = detect(source_of(tmp_path, files), BUILDPACKS)
    assert (match.buildpack.name, match.reason) == (name, reason)


def test_no_match_says_what_each_buildpack_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoBuildpackMatched) as caught:
        detect(source_of(tmp_path, {"README.md": ""}), BUILDPACKS)
    assert caught.value.looked_for == (
        "dockerfile: Dockerfile",
        "python: requirements.txt, pyproject.toml or Pipfile.lock",
        "node: package.json",
        "static: index.html, public/index.html or dist/index.html",
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("Requirements.txt", "Requirements.txt is there, but its name must be requirements.txt"),
        ("dockerfile", "dockerfile is there, but its name must be Dockerfile"),
        ("web/package.json", "web/package.json is there, but must be at the top"),
    ],
)
def test_a_near_miss_is_pointed_out(tmp_path: Path, path: str, hint: str) -> None:
    with pytest.raises(NoBuildpackMatched, match=hint):
        detect(source_of(tmp_path, {path: ""}), BUILDPACKS)
