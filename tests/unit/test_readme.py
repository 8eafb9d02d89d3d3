"""What the README and the other documents say there is, and what there is."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from gitreceive.__main__ import TABLES
from releases.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()
DOCUMENTS = (*sorted(PROJECT.glob("*.md")), *sorted(PROJECT.glob("docs/*.md")))
_ROOMS = "bench|bin|builder|buildpacks|docs|examples|gitreceive|releases|router_sync|tests"
_PATH = re.compile(rf"(?<![\w./~-])(?:{_ROOMS})/(?:[\w./-]*\w)?")  # anywhere in a text


def section(title: str) -> str:
    """The text below a heading."""
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_command_is_listed_and_no_other() -> None:
    rows = [line for line in section("Commands").splitlines() if line.startswith("| ")]
    listed = set(re.findall(r"`([a-z]+(?::[a-z-]+)?)[ `]", "\n".join(rows)))
    assert listed == {row.name for table in TABLES for row in table} | {"help"}


def test_every_setting_that_is_listed_is_one() -> None:
    rows = [line.split("|")[1] for line in section("Settings").splitlines() if "| `" in line]
    listed = set(re.findall(r"`([a-z_]+)`", " ".join(rows)))
    assert listed
    assert listed <= {field.name for field in fields(Settings)}


def test_paths_are_found_in_plain_text() -> None:
    text = "see tests/unit and `bin/up`, (docs/x.md): not ~/bin/x, /srv/docs/x or gitreceive/"
    assert _PATH.findall(text) == ["tests/unit", "bin/up", "docs/x.md", "gitreceive/"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    for path in _PATH.findall(document.read_text()):
        assert (PROJECT / path).exists(), path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_that_is_run_is_there(document: Path) -> None:
    for module in re.findall(r"python -m ([a-z_.]*[a-z_])", document.read_text()):
        path = PROJECT / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").exists(), module


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^):#]+)[)#]", document.read_text()):
        assert (document.parent / link).exists(), link
