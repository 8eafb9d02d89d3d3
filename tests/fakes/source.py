"""The stored source of an app, without a repository."""

from collections.abc import Mapping
from pathlib import Path

from builder.source import tar
from builder.source.contents import Contents, read_contents


def source_of(directory: Path, files: Mapping[str, str]) -> Contents:
    """A source with these files, its tar in the directory."""
    path = directory / "source.tar"
    top_first = sorted(files.items(), key=lambda item: (item[0].count("/"), item[0]))
    members = [tar.file(name, text.encode()) for name, text in top_first]
    path.write_bytes(b"".join(members) + tar.END)
    return read_contents(path)
