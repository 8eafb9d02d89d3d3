"""What the README says there is, and what there is."""

import re
from dataclasses import fields
from pathlib import Path

from gitreceive.__main__ import TABLES
from releases.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text()


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


def test_every_file_that_is_named_is_there() -> None:
    for document in ("README.md", "CONTRIBUTING.md", "docs/decisions.md"):
        text = (PROJECT / document).read_text()
        for path in re.findall(r"`((?:[a-z_]+/)+[a-z_.]*(?:\.py)?)`", text):
            assert (PROJECT / path).exists(), f"{document}: {path}"
