"""How a source is going to be built, before any image is touched."""

from pathlib import Path

import pytest

from builder.detection.manifest import Buildpack, read_buildpacks
from builder.detection.plan import Base, NoSuchBuildpack, NoSuchDockerfile, make_plan
from releases.domain.build import BuildSettings
from tests.fakes.source import source_of

MANIFESTS = {
    "dockerfile": "order: 0\ndetect: [Dockerfile]\napp_dockerfile: Dockerfile\n",
    "lisp": """order: 10
detect: [main.lisp]
runtime: runtime.Dockerfile
toolchain: toolchain.Dockerfile
dockerfile: Dockerfile
default: "2"
versions: {"1": bookworm, "2": trixie}
version_in: [{file: .lisp-version, line: '(.*)'}]
variants:
  - {title: Compiled, dockerfile: compiled.Dockerfile, when: [compile.lisp]}
""",
    "site": """order: 20
detect: [site.lisp]
images: {LISP: lisp/toolchain}
dockerfile: Dockerfile
""",
}


@pytest.fixture
def buildpacks(tmp_path: Path) -> list[Buildpack]:
    for name, text in MANIFESTS.items():
        folder = tmp_path / "packs" / name
        folder.mkdir(parents=True)
        (folder / "buildpack.yml").write_text(f"name: {name}\ntitle: {name.title()}\n{text}")
        (folder / "Dockerfile").write_text("ARG RUNTIME\nFROM ${RUNTIME}\n")
        (folder / "compiled.Dockerfile").write_text("ARG TOOLCHAIN\nARG RUNTIME=x\nARG  STACK\n")
    return read_buildpacks(tmp_path / "packs")


def test_a_plan_names_the_images_that_the_dockerfile_declares(
    tmp_path: Path, buildpacks: list[Buildpack]
) -> None:
    lisp = buildpacks[1]
    plan = make_plan(source_of(tmp_path, {"main.lisp": ""}), buildpacks)
    assert (plan.buildpack.name, plan.version, plan.why) == ("lisp", "2", "main.lisp found")
    assert plan.bases == {"RUNTIME": Base(lisp, "runtime", "2")}
    assert plan.notes == ("Lisp 2, the default",)


def test_a_variant_that_fits_is_used_and_told(tmp_path: Path, buildpacks: list[Buildpack]) -> None:
    files = {"main.lisp": "", "compile.lisp": "", ".lisp-version": "1"}
    plan = make_plan(source_of(tmp_path, files), buildpacks)
    assert plan.declares == {"TOOLCHAIN", "RUNTIME", "STACK"}
    lisp = buildpacks[1]
    assert plan.bases == {
        "RUNTIME": Base(lisp, "runtime", "1"),
        "TOOLCHAIN": Base(lisp, "toolchain", "1"),
    }
    assert plan.notes == ("Lisp 1: .lisp-version asks for 1", "Compiled: compile.lisp found")


def test_a_buildpack_may_stand_on_anothers_images_in_the_version_that_the_source_asks_for(
    tmp_path: Path, buildpacks: list[Buildpack]
) -> None:
    plan = make_plan(source_of(tmp_path, {"site.lisp": "", ".lisp-version": "9"}), buildpacks)
    assert plan.bases == {"LISP": Base(buildpacks[1], "toolchain", "2")}
    (warning,) = plan.warnings
    assert warning.startswith(".lisp-version asks for Lisp 9, which cannot be had here; 2 is taken")


def test_the_setting_goes_before_the_apps_own_dockerfile_and_that_before_what_is_found(
    tmp_path: Path, buildpacks: list[Buildpack]
) -> None:
    files = {"Dockerfile": "FROM a\n", "deploy/b.Dockerfile": "FROM b\n", "main.lisp": ""}
    source = source_of(tmp_path, files)
    own = make_plan(source, buildpacks)
    assert (own.buildpack.name, own.path_in_source) == ("dockerfile", "Dockerfile")
    other = make_plan(source, buildpacks, BuildSettings(dockerfile="deploy/b.Dockerfile"))
    assert (other.dockerfile, other.path_in_source) == ("FROM b\n", "deploy/b.Dockerfile")
    assert other.why == "builds:set says dockerfile deploy/b.Dockerfile"
    named = make_plan(source, buildpacks, BuildSettings(buildpack="lisp", dockerfile="x"))
    assert (named.buildpack.name, named.why) == ("lisp", "builds:set says buildpack lisp")


def test_a_dockerfile_that_is_not_there_is_refused(
    tmp_path: Path, buildpacks: list[Buildpack]
) -> None:
    source = source_of(tmp_path, {"main.lisp": ""})
    for settings in (BuildSettings(dockerfile="a/Dockerfile"), BuildSettings("dockerfile")):
        path = settings.dockerfile or "Dockerfile"
        with pytest.raises(NoSuchDockerfile, match=f"but there is no {path} in the source"):
            make_plan(source, buildpacks, settings)


def test_a_buildpack_that_is_not_there_is_refused(
    tmp_path: Path, buildpacks: list[Buildpack]
) -> None:
    with pytest.raises(NoSuchBuildpack, match="no buildpack 'cobol', only dockerfile, lisp, site;"):
        make_plan(source_of(tmp_path, {}), buildpacks, BuildSettings("cobol"))
