"""Which version of a language an app gets."""

from dataclasses import replace
from pathlib import Path

import pytest

from builder.detection.document import MalformedFile
from builder.detection.manifest import Buildpack, read_manifest
from builder.detection.version_file import VersionFile
from builder.detection.versions import Choice, choose_version
from releases.settings import PROJECT
from tests.fakes.source import source_of


def shipped(name: str, default: str, *versions: str) -> Buildpack:
    """One of ours, with the versions of the test."""
    found = read_manifest(PROJECT / "buildpacks" / name / "buildpack.yml")
    return replace(found, default=default, versions=dict.fromkeys(versions, "bookworm"))


PYTHON = shipped("python", "3.11", "3.9", "3.11", "3.13", "3.14")
NODE = shipped("node", "24", "20", "22", "24")


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".python-version": "3.13\n"}, "3.13"),
        ({".python-version": "# the newest\n\n3.13.2\n3.9\n"}, "3.13"),
        ({".python-version": "cpython-3.9"}, "3.9"),
        ({"runtime.txt": "python-3.13.4\r\n"}, "3.13"),
        ({"runtime.txt": "python-3.13.4", ".python-version": "3.9"}, "3.9"),
        ({".tool-versions": "nodejs 20.1.0\npython 3.13.1\n"}, "3.13"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.12"\n'}, "3.13"),
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.11.9,<3.13"\n'}, "3.11"),
        ({"pyproject.toml": '[project]\nrequires-python = "==3.9.7"\n'}, "3.9"),
        ({"pyproject.toml": '[project]\nname = "x"\n'}, "3.11"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\n'}, "3.13"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = ">=3.8,<3.11"\n'}, "3.9"),
        ({"Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.13"}}}'}, "3.13"),
        ({".python-version": "3"}, "3.11"),
        ({}, "3.11"),
    ],
)
def test_python_is_the_version_that_the_source_asks_for(
    tmp_path: Path, files: dict[str, str], version: str
) -> None:
    choice = choose_version(source_of(tmp_path, files), PYTHON)
    assert (choice.version, choice.warning) == (version, "")


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"package.json": '{"engines": {"node": ">= 18"}}'}, "24"),
        ({"package.json": '{"engines": {"node": "20.x || 22.x"}}'}, "22"),
        ({"package.json": '{"engines": {"node": "^20.9.0"}}'}, "20"),
        ({"package.json": '{"engines": {"node": "22.14.0"}}'}, "22"),
        ({"package.json": '{"engines": {"node": "lts"}}'}, "24"),
        ({"package.json": '{"engines": {"npm": "10"}}', ".nvmrc": "lts/jod"}, "22"),
        ({".nvmrc": "v20.11.1"}, "20"),
        ({".node-version": "22"}, "22"),
        ({"package.json": '{"volta": {"node": "20.1.0"}}'}, "20"),
    ],
)
def test_node_is_the_version_that_the_source_asks_for(
    tmp_path: Path, files: dict[str, str], version: str
) -> None:
    choice = choose_version(source_of(tmp_path, files), NODE)
    assert (choice.version, choice.warning) == (version, "")


@pytest.mark.parametrize(
    ("asked", "version"),
    [("3.12.4", "3.13"), ("3.10", "3.11"), ("2.7.18", "3.9"), ("3.20", "3.14")],
)
def test_the_nearest_is_taken_for_a_version_that_cannot_be_had(
    tmp_path: Path, asked: str, version: str
) -> None:
    choice = choose_version(source_of(tmp_path, {".python-version": asked}), PYTHON)
    assert choice == Choice(
        version,
        f"Python {version}, the nearest to what .python-version asks for",
        f".python-version asks for Python {asked}, which cannot be had here; "
        f"{version} is taken (there are 3.9, 3.11, 3.13, 3.14)",
    )


@pytest.mark.parametrize(
    ("asked", "version"), [("18.x", "20"), ("^16 || ^18", "20"), (">=21 <22", "22"), (">=30", "24")]
)
def test_the_nearest_is_taken_for_a_range_that_cannot_be_had(
    tmp_path: Path, asked: str, version: str
) -> None:
    source = source_of(tmp_path, {"package.json": f'{{"engines": {{"node": "{asked}"}}}}'})
    choice = choose_version(source, NODE)
    assert choice.version == version
    assert choice.warning.startswith(f"package.json asks for Node.js {asked}, which cannot be had")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {".python-version": "# ours\nlatest\n"},
            ".python-version line 2: 'latest' is no version of Python: expected a version such",
        ),
        (
            {"pyproject.toml": '[project]\nname = "x"\nrequires-python = "3.11"\n'},
            "pyproject.toml line 3: '3.11' is no version of Python: expected a range such as >=",
        ),
        ({"pyproject.toml": "[project]\nname = x\n"}, "pyproject.toml line 2: not TOML: "),
        ({".python-version": "9" * 300}, ".python-version line 1: '999"),
    ],
)
def test_what_is_no_version_is_refused_with_its_file_and_line(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    with pytest.raises(MalformedFile) as caught:
        choose_version(source_of(tmp_path, files), PYTHON)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{\n "engines": {\n  "node": "newest"}}',
            "package.json line 3: 'newest' is no version of",
        ),
        ("{ not json", "package.json line 1: not JSON: "),
        ("[" * 100_000, "package.json line 1: not JSON: "),
        ("9" * 5_000, "package.json line 1: not JSON: "),
        ("[]", ""),
    ],
)
def test_a_package_json_that_misleads_is_refused(tmp_path: Path, text: str, message: str) -> None:
    source = source_of(tmp_path, {"package.json": text})
    if message:
        with pytest.raises(MalformedFile, match=message):
            choose_version(source, NODE)
    else:
        assert choose_version(source, NODE).version == "24"


@pytest.mark.parametrize(
    ("form", "asked", "version"),
    [
        ("minimum", "1.21", "1.24"),
        ("minimum", "1.19.3", "1.19"),
        ("composer", "~1.20", "1.24"),
        ("composer", "~1.19.0", "1.19"),
        ("composer", "^0.9|^1.24", "1.24"),
        ("composer", ">=1.20,!=1.21.0", "1.24"),
        ("gem", "'~> 1.20', '>= 1.20.2'", "1.24"),
        ("gem", "~> 1.19.0", "1.19"),
    ],
)
def test_other_languages_write_ranges_in_forms_of_their_own(
    tmp_path: Path, form: str, asked: str, version: str
) -> None:
    pack = replace(
        shipped("node", "1.19", "1.19", "1.24"),
        version_in=(VersionFile("wanted", line="(.*)", form=form),),
    )
    choice = choose_version(source_of(tmp_path, {"wanted": asked}), pack)
    assert (choice.version, choice.warning) == (version, "")


def test_a_buildpack_without_versions_has_nothing_to_choose(tmp_path: Path) -> None:
    static = read_manifest(PROJECT / "buildpacks/static/buildpack.yml")
    assert choose_version(source_of(tmp_path, {".python-version": "x"}), static) == Choice()
