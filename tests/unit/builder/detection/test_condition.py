"""What a buildpack may ask of an app's source."""

from pathlib import Path

import pytest

from builder.detection.condition import Condition
from builder.detection.document import MalformedFile
from tests.fakes.source import source_of

FILES = {
    "package.json": '{"scripts": {"start": "vite --host", "build": "vite build"}, "files": ["a"]}',
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n',
    "Procfile": "worker: python work.py\n  web: x\n",
    "shop/wsgi.py": "",
}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (Condition("Procfile"), "Procfile found"),
        (Condition("Gemfile"), ""),
        (Condition("*/wsgi.py"), "shop/wsgi.py found"),
        (Condition("*.py"), ""),
        (
            Condition("package.json", has=("scripts.dev", "scripts.build")),
            "package.json has scripts.b",
        ),
        (Condition("package.json", has=("scripts.build.deep",)), ""),
        (
            Condition("package.json", has=("scripts.start",), matches="^vite"),
            "package.json has scri",
        ),
        (Condition("package.json", has=("scripts.start",), matches="^node"), ""),
        (Condition("package.json", has=("files",), matches="^a$"), "package.json has files"),
        (Condition("pyproject.toml", has=("build-system",)), "pyproject.toml has build-system"),
        (Condition("Procfile", matches=r"^worker:.*"), "Procfile has `worker: python work.py`"),
        (Condition("Procfile", matches=r"^web:"), ""),
        (Condition("Procfile", unless=(Condition("Gemfile"),)), "Procfile found"),
        (Condition("Procfile", unless=(Condition("package.json"),)), ""),
    ],
)
def test_a_condition_says_what_it_found_or_nothing(
    tmp_path: Path, condition: Condition, found: str
) -> None:
    said = condition.holds(source_of(tmp_path, FILES))
    assert said.startswith(found)
    assert bool(said) is bool(found)


def test_a_key_of_a_file_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    source = source_of(tmp_path, {"package.json": '{\n "scripts": {,}\n}'})
    with pytest.raises(MalformedFile, match=r"package\.json line 2: not JSON: "):
        Condition("package.json", has=("scripts.build",)).holds(source)
