"""What the buildpacks php, ruby, go and java make of a source: version and Dockerfile."""

from pathlib import Path

import pytest

from builder.detection.manifest import read_buildpacks
from builder.detection.plan import make_plan
from releases.settings import PROJECT
from tests.fakes.source import source_of

BUILDPACKS = read_buildpacks(PROJECT / "buildpacks")
LOCK = "GEM\n  remote: https://rubygems.org/\n  specs:\n    propshaft (1.1.0)\n      rack\n"


@pytest.mark.parametrize(
    ("files", "name", "dockerfile"),
    [
        ({"index.php": "", "index.html": ""}, "php", "Dockerfile"),
        ({"composer.json": "{}", "package.json": "{}"}, "php", "composer.Dockerfile"),
        ({"Gemfile": "", "Gemfile.lock": "", "package.json": "{}"}, "ruby", "Dockerfile"),
        ({"config.ru": ""}, "ruby", "plain.Dockerfile"),
        ({"Gemfile": "", "config.ru": ""}, "ruby", "Dockerfile"),
        ({"Gemfile": "", "Gemfile.lock": LOCK}, "ruby", "assets.Dockerfile"),
        (
            {"Gemfile": "", "Gemfile.lock": f"PATH\n  remote: x\n{LOCK}"},
            "ruby",
            "path.Dockerfile",
        ),
        ({"go.mod": "module x\n", "package.json": "{}"}, "go", "Dockerfile"),
        ({"pom.xml": "<project/>"}, "java", "Dockerfile"),
        ({"build.gradle.kts": "", "package.json": "{}"}, "java", "Dockerfile"),
    ],
)
def test_a_source_gets_the_buildpack_and_the_dockerfile_of_its_files(
    tmp_path: Path, files: dict[str, str], name: str, dockerfile: str
) -> None:
    plan = make_plan(source_of(tmp_path, files), BUILDPACKS)
    assert plan.buildpack.name == name
    assert plan.dockerfile == plan.buildpack.text(dockerfile)


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"index.php": ""}, "8.2"),
        ({"composer.json": '{"require": {"php": "^8.1"}}'}, "8.2"),
        ({"composer.json": '{"require": {"php": ">=8.3"}}'}, "8.4"),
        ({"composer.json": '{"require": {"php": "~8.3 || ~8.4"}}'}, "8.4"),
        ({"Gemfile": 'ruby "3.1.4"\n'}, "3.1"),
        ({"Gemfile": "ruby '~> 3.3.1'\n"}, "3.3"),
        ({"Gemfile": 'ruby ">= 3.0", "< 3.2"\n'}, "3.1"),
        ({"Gemfile": 'ruby "3.1.4"\n', ".ruby-version": "ruby-3.3.0\n"}, "3.3"),
        ({"Gemfile": "ruby file: '.ruby-version'\n", ".ruby-version": "3.3.6\n"}, "3.3"),
        ({"go.mod": "module x\n\ngo 1.17\n"}, "1.23"),
        ({"go.mod": "module x\n\ngo 1.24.1\n"}, "1.24"),
        ({"go.mod": "module x\n\ngo 1.21\n\ntoolchain go1.24.2\n"}, "1.24"),
        ({"pom.xml": ""}, "17"),
        ({"pom.xml": "<java.version>11</java.version>"}, "17"),
        ({"pom.xml": "\n  <maven.compiler.release>21</maven.compiler.release>\n"}, "21"),
        ({"pom.xml": "", "system.properties": "java.runtime.version=21\n"}, "21"),
        ({"pom.xml": "", "system.properties": "java.runtime.version=openjdk-25.0.1"}, "25"),
        ({"build.gradle": "", ".java-version": "17.0\n"}, "17"),
    ],
)
def test_a_source_gets_the_version_that_its_files_ask_for(
    tmp_path: Path, files: dict[str, str], version: str
) -> None:
    plan = make_plan(source_of(tmp_path, files), BUILDPACKS)
    assert (plan.version, plan.warnings) == (version, ())


def test_a_version_that_debian_does_not_have_is_warned_of(tmp_path: Path) -> None:
    plan = make_plan(source_of(tmp_path, {"Gemfile": 'ruby "3.2.2"\n'}), BUILDPACKS)
    assert plan.version == "3.3"
    assert "asks for Ruby" in plan.warnings[0]


def test_the_step_that_installs_is_run_again_for_other_build_config() -> None:
    installing = set()
    for buildpack in BUILDPACKS:
        names = [buildpack.dockerfile, *(variant.dockerfile for variant in buildpack.variants)]
        for text in map(buildpack.text, filter(None, names)):
            for stage in text.split("\nFROM ")[1:]:
                told, secret, _ = stage.partition("--mount=type=secret,id=build-env")
                assert not secret or "\nARG BUILD_CONFIG\n" in told, buildpack.name
                installing |= {buildpack.name} if secret else set()
    assert installing == {"go", "java", "node", "php", "python", "ruby", "site"}
