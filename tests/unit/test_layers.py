"""Which room may import which, and who may read the environment."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "releases": set[str](),
    "builder": {"releases"},
    "router_sync": {"releases"},
    "gitreceive": {"releases", "builder", "router_sync"},
}
# Within releases/: what a folder may import of the others.
FOLDERS = {
    "domain": set[str](),
    "store": {"domain"},
    "engine": {"domain", "store"},
    "work": {"domain", "store", "engine"},
    "rollout": {"domain", "store", "engine"},
    "upkeep": {"domain", "store", "engine", "work"},
    "commands": {"domain", "store", "engine", "work", "rollout", "upkeep"},
}
MODULES = sorted(path for room in MAY_IMPORT for path in (PROJECT / room).rglob("*.py"))
ENTRY_POINTS = {"__main__.py", "jobs.py"}


def imported(tree: ast.Module) -> Iterator[str]:
    """The first name of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_imports_only_rooms_below_its_own(path: Path) -> None:
    room = path.relative_to(PROJECT).parts[0]
    found = set(imported(ast.parse(path.read_text())))

    assert found & set(MAY_IMPORT) <= MAY_IMPORT[room] | {room}


def folders_imported(tree: ast.Module) -> Iterator[str]:
    """The folder of every import from releases/."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield names[1] if names[0] == "releases" else ""


def test_every_folder_of_releases_has_its_place() -> None:
    assert {path.parent.name for path in (PROJECT / "releases").glob("*/__init__.py")} == {*FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_releases_imports_only_folders_below_its_own(folder: str) -> None:
    for path in (PROJECT / "releases" / folder).rglob("*.py"):
        found = set(folders_imported(ast.parse(path.read_text())))

        assert found & set(FOLDERS) <= FOLDERS[folder] | {folder}, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_only_entry_points_read_the_environment(path: Path) -> None:
    if path.name not in ENTRY_POINTS:
        assert "os.environ" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_module_opens_with_what_it_knows(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_only_the_store_knows_redis_keys() -> None:
    knowing = [path for path in MODULES if "store.keys" in path.read_text()]

    assert [path for path in knowing if path.parent.name != "store"] == []


def test_only_the_engine_starts_and_stops_containers() -> None:
    starting = [
        path
        for path in MODULES
        if any(word in path.read_text() for word in ("create_container", ".start(identifier"))
    ]

    assert [path.name for path in starting] == ["once.py", "start.py"]
    assert {path.parent.name for path in starting} == {"engine"}
