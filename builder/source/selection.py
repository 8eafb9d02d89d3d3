"""Which entries of a commit's tree go into a build: what `.dockerignore` and git leave."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.source import attributes
from builder.source.attributes import BadAttributes, ExportIgnore
from builder.source.dockerignore import BadDockerIgnore, DockerIgnore
from builder.source.objects import Objects
from builder.source.tree import BadTree, Entry, Limits
from releases.errors import PaasError

_MAX_IGNORE_BYTES = 256 * 1024
# Docker's own tools send the first whatever `.dockerignore` says; ours are needed for the same.
_ALWAYS_SENT = frozenset({"Dockerfile", "Procfile", "app.json"})


@dataclass(frozen=True)
class Selection:
    """What is sent, top level first, parents before what is in them; and what cannot be."""

    sent: list[Entry]
    submodules: list[Entry]


def select(objects: Objects, entries: list[Entry], limits: Limits) -> Selection:
    """Choose from a tree; BadTree for too many bytes, or another error for files that mislead."""
    left = list(_kept(objects, entries))
    submodules = [entry for entry in left if entry.is_submodule]
    sent = [entry for entry in left if not entry.is_submodule] if submodules else left
    total = sum(entry.size for entry in sent)
    if total > limits.total_bytes:
        largest = max(sent, key=lambda entry: entry.size)
        raise BadTree(
            f"the commit's files take {total} bytes, {limits.total_bytes} are allowed; "
            f"the largest is {largest.path} ({largest.size} bytes)"
        )
    if len(left) < len(entries):
        sent += _missing_parents(entries, sent)
    sent.sort(key=lambda entry: (entry.path.count("/"), entry.path))
    return Selection(sent, submodules)


def _kept(objects: Objects, entries: Sequence[Entry]) -> Iterator[Entry]:
    by_docker, by_git = _docker_ignore(objects, entries), _export_ignore(objects, entries)
    gone = ""  # the directory that git leaves out; what is in it follows it
    for entry in entries:
        if entry.path in _ALWAYS_SENT:
            yield entry
        elif gone and entry.path.startswith(gone):
            continue
        elif by_git and by_git.ignores(entry.path, entry.is_directory):
            gone = f"{entry.path}/"
        elif not (by_docker and by_docker.ignores(entry.path)):
            yield entry


def _missing_parents(entries: Sequence[Entry], sent: Sequence[Entry]) -> list[Entry]:
    """Directories that are needed although they are ignored: something in them is not."""
    there = {entry.path for entry in sent}
    needed: set[str] = set()
    for entry in sent:
        path = entry.path
        while (path := path.rpartition("/")[0]) and path not in needed:
            needed.add(path)
    needed -= there
    return [entry for entry in entries if entry.path in needed]


def _docker_ignore(objects: Objects, entries: Sequence[Entry]) -> DockerIgnore | None:
    files = [entry for entry in entries if entry.path == ".dockerignore" and entry.is_file]
    for text in _texts(objects, files, BadDockerIgnore):
        return DockerIgnore(text)
    return None


def _export_ignore(objects: Objects, entries: Sequence[Entry]) -> ExportIgnore:
    files = [entry for entry in entries if entry.name == attributes.NAME and entry.is_file]
    texts = _texts(objects, files, BadAttributes)
    return ExportIgnore({entry.parent: text for entry, text in zip(files, texts, strict=True)})


def _texts(objects: Objects, files: Sequence[Entry], error: type[PaasError]) -> list[str]:
    total = sum(entry.size for entry in files)
    if total > _MAX_IGNORE_BYTES:
        raise error(f"{files[0].name} is {total} bytes long; shorten it")
    if not files:
        return []
    with objects.contents([entry.oid for entry in files]) as contents:
        return [b"".join(content).decode("utf-8", "replace") for content in contents]
