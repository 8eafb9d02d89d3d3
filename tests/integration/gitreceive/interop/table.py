"""The interop table: what a client cannot do by itself, and how the results are shown."""

from collections.abc import Mapping, Sequence

from tabulate import tabulate

Cell = tuple[str, str]  # operation, client

GITS = ("git v0", "git v1", "git v2", "persist", "rekey", "fido", "plink", "paramiko")
_DULWICH = ("dulwich", "dulwich+paramiko")
# What a client has no way to ask for: nothing to test.
LACKS: Mapping[str, Sequence[str]] = {
    "force with lease": (*_DULWICH, "libgit2"),
    "atomic, taken": ("libgit2",),
    "atomic, refused": ("libgit2",),
    "pull": ("libgit2",),
    "shallow, history elsewhere": (*_DULWICH, "libgit2"),
    "shallow elsewhere, refused": GITS,
}


def cells(operations: Sequence[str], clients: Sequence[str]) -> list[Cell]:
    """Every cell that there is something to test for, client by client."""
    return [
        (operation, client)
        for client in clients
        for operation in operations
        if client not in LACKS.get(operation, ())
    ]


def render(results: Mapping[Cell, str], form: str = "simple") -> str:
    """Operations down, clients across; `-` where the client cannot ask for it."""
    operations = list(dict.fromkeys(operation for operation, _ in results))
    clients = list(dict.fromkeys(client for _, client in results))
    rows = [
        [operation, *(results.get((operation, client), "-") for client in clients)]
        for operation in operations
    ]
    return tabulate(rows, headers=["", *clients], tablefmt=form)
