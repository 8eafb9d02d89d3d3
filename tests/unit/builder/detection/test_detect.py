"""Which buildpack a source asks for."""

from pathlib import Path

import pytest

from builder.detection.detect import NoBuildpackMatched, detect
from builder.detection.document import MalformedFile
from builder.detection.manifest import read_buildpacks
from releases.settings import PROJECT
from tests.fakes.source import source_of

OURS = ("dockerfile", "python", "site", "node", "static")
VITE = '{"scripts": {"dev": "vite", "build": "vite build", "preview": "vite preview"}}'
DEV_SERVER = '{"scripts": {"start": "CI=1 react-scripts start", "build": "react-scripts build"}}'
NEXT = '{"scripts": {"build": "next build"}, "dependencies": {"next": "15"}}'
BUILDPACKS = [
    buildpack for buildpack in read_buildpacks(PROJECT / "buildpacks") if buildpack.name in OURS
]


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"requirements.txt": "", "app.py": ""}, "python", "requirements.txt found"),
        ({"pyproject.toml": ""}, "python", "pyproject.toml found"),
        ({"Procfile": "web: python3 -u web.py"}, "python", "Procfile has `web: python3 -u web.py`"),
        ({"Procfile": "tick: python tick.py", "package.json": "{}"}, "node", "package.json found"),
        ({"app.py": ""}, "python", "app.py found"),
        ({"package.json": "{}", "index.html": ""}, "node", "package.json found"),
        ({"package.json": VITE}, "site", "package.json has scripts.build"),
        ({"package.json": VITE, "Procfile": "web: x"}, "node", "package.json found"),
        ({"package.json": VITE, "server.js": ""}, "node", "package.json found"),
        ({"package.json": DEV_SERVER}, "site", "package.json has scripts.start"),
        ({"package.json": NEXT}, "node", "package.json found"),
        ({"package.json": '{"scripts": {"build": "tsc", "start": "node ."}}'}, "node", "package"),
        ({"package.json": '{"main": "dist/x.js", "scripts": {"build": "tsc"}}'}, "node", "package"),
        ({"package.json": VITE, "requirements.txt": ""}, "python", "requirements.txt found"),
        ({"index.html": ""}, "static", "index.html found"),
        ({"dist/index.html": ""}, "static", "dist/index.html found"),
        ({"Dockerfile": "FROM x", "app.py": ""}, "dockerfile", "Dockerfile found"),
    ],
)
def test_the_first_buildpack_that_finds_its_file_wins(
    tmp_path: Path, files: dict[str, str], name: str, reason: str
) -> None:
    match = detect(source_of(tmp_path, files), BUILDPACKS)
    assert match.buildpack.name == name
    assert match.reason.startswith(reason)


def test_a_package_json_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MalformedFile, match=r"package\.json line 2: not JSON: Expecting"):
        detect(source_of(tmp_path, {"package.json": '{"scripts":\n,}'}), BUILDPACKS)


def test_no_match_says_what_each_buildpack_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoBuildpackMatched) as caught:
        detect(source_of(tmp_path, {"README.md": ""}), BUILDPACKS)
    assert caught.value.looked_for == (
        "dockerfile: Dockerfile",
        "python: requirements.txt, pyproject.toml, Pipfile.lock, Procfile or app.py",
        "site: package.json with scripts.build or package.json with scripts.start",
        "node: package.json",
        "static: index.html, public/index.html, dist/index.html, build/index.html, "
        "_site/index.html, static.json or .static",
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
