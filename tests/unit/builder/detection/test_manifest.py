"""What a buildpack.yml may say, and that those we ship say it."""

from pathlib import Path

import pytest

from builder.detection.condition import Condition
from builder.detection.folders import all_buildpacks
from builder.detection.manifest import read_buildpacks, read_manifest
from builder.detection.schema import BadManifest
from builder.detection.version_file import VersionFile
from releases.settings import PROJECT, Settings

VERSIONS = """
default: "3.1"
versions: {"3.1": bookworm, "3.3": trixie}
version_in:
  - {file: .ruby-version, line: '(?:ruby-)?(\\S+)'}
  - {file: ruby.json, key: engine.ruby, form: gem}
"""
VARIANT = """
variants:
  - title: Built after
    dockerfile: after.Dockerfile
    when:
      - {file: Rakefile, matches: 'assets:precompile', unless: [public/assets]}
      - {file: package.json, has: [scripts.build]}
"""
GOOD = "name: ruby\ntitle: Ruby\norder: 30\ndetect: [Gemfile]\ndockerfile: Dockerfile\n"


def manifest(directory: Path, text: str) -> Path:
    folder = directory / "ruby"
    folder.mkdir(exist_ok=True)
    path = folder / "buildpack.yml"
    path.write_text(text)
    return path


def test_a_manifest_becomes_a_buildpack(tmp_path: Path) -> None:
    buildpack = read_manifest(manifest(tmp_path, GOOD))
    assert (buildpack.name, buildpack.order) == ("ruby", 30)
    assert buildpack.detect == (Condition("Gemfile"),)
    assert (buildpack.runtime, buildpack.toolchain, buildpack.versions) == ("", "", {})


def test_a_manifest_says_which_versions_there_are_and_where_one_is_asked_for(
    tmp_path: Path,
) -> None:
    buildpack = read_manifest(manifest(tmp_path, GOOD + VERSIONS))
    assert buildpack.versions == {"3.1": "bookworm", "3.3": "trixie"}
    assert buildpack.default == "3.1"
    assert buildpack.version_in == (
        VersionFile(".ruby-version", line=r"(?:ruby-)?(\S+)"),
        VersionFile("ruby.json", key="engine.ruby", form="gem"),
    )


def test_a_variant_is_a_dockerfile_with_its_conditions(tmp_path: Path) -> None:
    (variant,) = read_manifest(manifest(tmp_path, GOOD + VARIANT)).variants
    assert (variant.title, variant.dockerfile) == ("Built after", "after.Dockerfile")
    assert variant.when == (
        Condition("Rakefile", matches="assets:precompile", unless=(Condition("public/assets"),)),
        Condition("package.json", has=("scripts.build",)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("order: 30\n", ""), "key order is missing: a whole number"),
        (GOOD.replace("30", "first"), "key order: expected a whole number, found 'first'"),
        (GOOD.replace("30", "true"), "key order: expected a whole number, found True"),
        (GOOD.replace("[Gemfile]", "Gemfile"), "key detect: expected a list of paths"),
        (GOOD.replace("[Gemfile]", "[]"), "key detect: expected a list of paths"),
        (GOOD.replace("Gemfile", "a/b/c"), "detect: key file: expected a path in the app's"),
        (GOOD.replace("Gemfile", "{has: [a]}"), "detect: key file is missing: a path in the"),
        (GOOD.replace("Gemfile", "{file: a, matches: '('}"), "detect: key matches: expected a reg"),
        (GOOD.replace("dockerfile: D", "dockerfile: ../D"), "key dockerfile: expected the name"),
        (GOOD + "app_dockerfile: Dockerfile\n", "key dockerfile: expected it or app_dockerfile"),
        (GOOD.replace("name: ruby", "name: rubby"), "key name: expected ruby, the folder's name"),
        (GOOD + VERSIONS.replace('"3.1": b', "3.1: b"), "key versions: expected versions in quo"),
        (GOOD + VERSIONS.replace('t: "3.1"', 't: "3.2"'), "key default: expected one of 3.1, 3.3"),
        (GOOD + "toolchain: t.Dockerfile\n", "key toolchain: expected runtime beside it"),
        (GOOD + 'default: "3.1"\n', "key default: expected versions beside it"),
        (GOOD + VERSIONS.replace("form: gem", "form: odd"), "version_in: key form: expected one"),
        (GOOD + VERSIONS.replace("(\\S+)", "x"), "version_in: key line: expected a regular"),
        (GOOD + "images: {NODE: node}\n", "key images: expected build arguments and the im"),
        (GOOD + VARIANT.replace("title: ", "name: "), "variants: unknown key name; known: title"),
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
    first, *rest = [buildpack.name for buildpack in buildpacks]
    languages = ["python", "ruby", "php", "go", "java", "site", "node"]
    assert (first, rest) == ("dockerfile", [*languages, "static", "image"])


@pytest.mark.parametrize("name", ["python", "ruby", "php", "go", "java", "node", "static"])
def test_an_app_without_a_build_ends_with_its_source_and_nothing_runs_after_it(name: str) -> None:
    buildpack = read_manifest(PROJECT / "buildpacks" / name / "buildpack.yml")
    last = buildpack.text(buildpack.dockerfile).strip().splitlines()[-1]
    assert last.split()[0] == "COPY"
    assert last.split()[-2:] in ([".", "."], ["/app", "."])


def test_every_file_that_the_shipped_buildpacks_name_is_there() -> None:
    settings = Settings(home=Path("/"), extra_buildpacks=str(PROJECT / "buildpacks"))
    assert all_buildpacks(settings).faults == ()


def test_a_missing_file_of_a_buildpack_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"buildpack\.yml: Dockerfile cannot be read"):
        read_manifest(manifest(tmp_path, GOOD)).text("Dockerfile")
