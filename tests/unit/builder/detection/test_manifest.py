"""What a buildpack.yml may say, and that those we ship say it."""

from pathlib import Path

import pytest

from builder.detection.manifest import BadManifest, read_buildpacks, read_manifest
from releases.settings import PROJECT

GOOD = "name: ruby\ntitle: Ruby\norder: 30\ndetect: [Gemfile]\ndockerfile: Dockerfile\n"


def manifest(directory: Path, text: str) -> Path:
    folder = directory / "ruby"
    folder.mkdir(exist_ok=True)
    path = folder / "buildpack.yml"
    path.write_text(text)
    return path


def test_a_manifest_becomes_a_buildpack(tmp_path: Path) -> None:
    buildpack = read_manifest(manifest(tmp_path, GOOD))
    assert (buildpack.name, buildpack.order, buildpack.detect) == ("ruby", 30, ("Gemfile",))
    assert buildpack.runtime == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("order: 30\n", ""), "key order is missing: a whole number"),
        (GOOD.replace("30", "first"), "key order: expected a whole number, found 'first'"),
        (GOOD.replace("30", "true"), "key order: expected a whole number, found True"),
        (GOOD.replace("[Gemfile]", "Gemfile"), "key detect: expected a list of paths"),
        (GOOD.replace("[Gemfile]", "[]"), "key detect: expected a list of paths"),
        (GOOD.replace("Gemfile", "a/b/c"), "key detect: expected a list of paths"),
        (GOOD.replace("dockerfile: D", "dockerfile: ../D"), "key dockerfile: expected the name"),
        (GOOD + "app_dockerfile: Dockerfile\n", "key dockerfile: expected it or app_dockerfile"),
        (GOOD.replace("name: ruby", "name: rubby"), "key name: expected ruby, the folder's name"),
        (GOOD + "colour: red\n", "unknown key colour; known: name, title"),
        ("- a list\n", "expected `key: value` lines"),
        ("name: [", "cannot be read"),
    ],
)
def test_an_error_names_the_file_and_the_key(tmp_path: Path, text: str, message: str) -> None:
    path = manifest(tmp_path, text)
    with pytest.raises(BadManifest) as caught:
        read_manifest(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_the_shipped_buildpacks_are_asked_in_their_declared_order() -> None:
    buildpacks = read_buildpacks(PROJECT / "buildpacks")
    assert [b.name for b in buildpacks] == ["dockerfile", "python", "node", "static"]


def test_the_shipped_buildpacks_end_with_the_source_and_run_nothing_after_it() -> None:
    for buildpack in read_buildpacks(PROJECT / "buildpacks"):
        if buildpack.dockerfile:
            last = buildpack.text(buildpack.dockerfile).strip().splitlines()[-1]
            assert last.split()[0] == "COPY", buildpack.name
            assert last.split()[-2:] == [".", "."], buildpack.name
            assert buildpack.text(buildpack.runtime)


def test_a_missing_file_of_a_buildpack_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"buildpack\.yml: Dockerfile cannot be read"):
        read_manifest(manifest(tmp_path, GOOD)).text("Dockerfile")
