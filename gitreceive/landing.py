"""How a branch is moved when its deploy is done, whatever has landed on it meanwhile.

git would compare it with what it was when the push began. Pushes that follow one another into
the queue all began before the first of them landed, so these are compared by their history.
The answers are lines of git's proc-receive hook (githooks(5)).
"""

from builder.source.objects import Objects
from gitreceive.push import RefCommand, moved_meanwhile
from gitreceive.repository import Repository


def left_to_git(command: RefCommand) -> list[str]:
    """git compares, moves the branch and reports as ever."""
    return [f"ok {command.ref}", "option fall-through"]


def land(repository: Repository, command: RefCommand) -> list[str]:
    """Move the branch where git would not; PushRefused where that would lose commits."""
    objects, new = Objects(repository.path), str(command.new)
    tried = None
    while (current := repository.ref(command.ref)) != command.old:
        if current is None or current == tried:
            raise moved_meanwhile(command)
        if objects.contains(current, new):  # a push behind this one was quicker
            return [f"ok {command.ref}"]
        if not objects.contains(new, current):
            raise moved_meanwhile(command)
        if repository.move(command.ref, current, new):
            return [f"ok {command.ref}", f"option old-oid {current}"]
        tried = current
    return left_to_git(command)
